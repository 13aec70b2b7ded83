/** A data folder with dead letters in it, and the commands on it, for their tests. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, deadLetterTopic, enrichedTopic, type LetterHeaders, letterRecord } from "@rondo/broker";
import { silentLog, systemClock } from "@rondo/core";
import { namedSpans } from "@rondo/testkit";
import { prepareLog } from "@rondo/worker";
import { onTestFinished } from "vitest";
import { graphOf, printed } from "../configuration.cases.ts";
import { openLog } from "../open-log.ts";

/** The dead letters of the pipeline's enriched topic. */
export const LETTERS = deadLetterTopic(enrichedTopic("traces", "traces"));

const LETTER: LetterHeaders = {
  ...{ pipeline: "traces", exporter: "otlp_http/a", reason: "backend_rejected", detail: "HTTP 400: no" },
  ...{ origin: "0:7:0/1", first: 0, tenant: "default", items: 1, at: Date.UTC(2026, 0, 1) },
};

/** A letter of these spans. */
export function letterOf(names: readonly string[], more: Partial<LetterHeaders> = {}) {
  return letterRecord({ ...LETTER, items: names.length, ...more }, namedSpans(names));
}

/** A folder of a log with an exporter to `port`, and a way to open that log; gone when the test has ended. */
export async function folderWithLog(port = 9) {
  const folder = await mkdtemp(join(tmpdir(), "rondo-dlq-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const yaml = `
    receivers: {otlp: {protocols: {http: }}}
    exporters: {otlp_http/a: {endpoint: "http://127.0.0.1:${port}", retry_on_failure: {initial_interval: 10ms}}}
    service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http/a]}}}
  `;
  const config = join(folder, "config.yaml");
  await writeFile(config, yaml);
  const graph = graphOf(yaml);
  const data = join(folder, "data");
  const opening = { settings: graph.broker, data, clientId: "test", clock: systemClock, random: Math.random };
  const open = () => openLog({ ...opening, log: silentLog });
  const during = async (use: (broker: Broker) => Promise<unknown>) => {
    const broker = await open();
    await prepareLog(graph, broker);
    await use(broker);
    await broker.close();
  };
  const { lines, errors, out } = printed();
  const stop = new AbortController();
  const around = { out, clock: systemClock, random: Math.random, log: silentLog, abort: stop.signal };
  const flags = { config: [config], set: [], data };
  return { folder, data, flags, around, lines, errors, open, during, stop };
}
