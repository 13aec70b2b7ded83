/** What a second thread of a test runs: an exporter on the same port, with a series of its own, until it is told to end. */
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { makeExporter } from "@rondo/testkit/exporter-contract";
import { gauge, metricsBatch, never, point } from "../metrics.cases.ts";
import { prometheusExporter } from "./exporter.ts";

if (parentPort === null) throw new Error("this runs in a thread");
// The test gives the endpoint and the metric's name.
const { endpoint, name } = workerData as { endpoint: string; name: string };
const exporter = makeExporter(prometheusExporter(), { endpoint, without_scope_info: true }, "metrics");
await exporter.start?.();
await exporter.deliver(metricsBatch([gauge(name, point(1))]), never());
parentPort.postMessage("ready");
await once(parentPort, "message");
await exporter.close();
parentPort.close();
