import { RETURNED, readFields, silentLog, systemClock } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { type StubBackend, stubHttp } from "@rondo/testkit/exporter-contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HttpConnections } from "../http/connections.ts";
import { gauge, metricsBatch, never, point, sampleMetrics } from "../metrics.cases.ts";
import { recordingPlace } from "../place.cases.ts";
import { fields } from "./config.ts";
import { RemoteWriteSender } from "./sender.ts";
import { sentLines } from "./written.cases.ts";

let stub: StubBackend;
beforeEach(async () => {
  stub = await stubHttp();
});
afterEach(() => stub.stop());

function make(config: object): RemoteWriteSender {
  const place = recordingPlace();
  const values = readFields(fields, { endpoint: `http://127.0.0.1:${stub.port}/api/v1/write`, ...config }, place);
  if (!values?.endpoint) throw new Error(place.problems.join("; "));
  const connections = new HttpConnections(values, values.endpoint);
  return new RemoteWriteSender(values, connections, systemClock, new Recurring(silentLog, systemClock));
}

const lines = () => stub.received.flatMap(({ body }) => sentLines(body));

test("a large batch goes out in several requests, and a retry does not repeat what has arrived", async () => {
  const sender = make({ max_batch_size_bytes: 400, disable_scope_info: true });
  const batch = sampleMetrics(10);
  stub.behave({ kind: "accept" });
  await sender.send(sampleMetrics(10), never());
  const requests = stub.received.length;
  expect(requests).toBeGreaterThan(2);
  expect(new Set(lines()).size).toBe(10);
  stub.behave({ kind: "later" });
  expect(await sender.send(batch, never())).toMatchObject({ kind: "retry" });
  stub.behave({ kind: "accept" });
  expect(await sender.send(batch, never())).toEqual(RETURNED);
  // The one that was put off came twice, the others once.
  expect(stub.received.length).toBe(2 * requests + 1);
  await sender.close();
});

test("a refusal never costs more points than there are, whatever else is sent with them", async () => {
  const sender = make({});
  stub.behave({ kind: "refuse", message: "" });
  const resource = { "service.name": "a", zone: "eu" };
  const batch = metricsBatch([gauge("x", point(1), point(2, { a: "b" }))], resource);
  expect(await sender.send(batch, never())).toMatchObject({ drops: [{ items: 2 }] });
  expect(lines().length).toBe(3);
  await sender.close();
});

test("a request that is refused costs its points and no others", async () => {
  const sender = make({ max_batch_size_bytes: 1 });
  stub.behave({ kind: "refuse", message: "out of order sample" });
  const batch = sampleMetrics(3);
  const verdict = await sender.send(batch, never());
  const why = { reason: "backend_rejected", items: 3, detail: "HTTP 400: out of order sample" };
  // Which point was in which request nobody outside can tell: the search begins with the batch.
  expect(verdict).toEqual({ kind: "settled", drops: [{ ...why, body: batch.body, together: true }] });
  await sender.close();
});
