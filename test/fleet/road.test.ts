/**
 * The whole road on a clock that the test moves: requests of *outage* are appended to the embedded log when they are due, the
 * worker enriches them and keeps the windows, the alert worker evaluates those – and makes exactly the transitions of the truth.
 * Everything is real but the clock.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startAlerts } from "@rondo/alerts";
import { type Broker, enrichedTopic, RAW_TOPICS, rawHeaders } from "@rondo/broker";
import { DEFAULT_TENANT, silentLog } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { partitionRequest } from "@rondo/otlp";
import { FakeClock, seededRandom } from "@rondo/testkit";
import {
  type FleetRequest,
  MINUTE,
  type Notification,
  notificationProblems,
  outage,
  type Transition,
} from "@rondo/testkit/fleet";
import type { WindowStore } from "@rondo/windows";
import { prepareLog, startWorker } from "@rondo/worker";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../packages/cli/src/load.ts";
import { openLog } from "../../packages/cli/src/open-log.ts";
import { openWindows, windowReaders, windowsWriter } from "../../packages/cli/src/windows.ts";
import { inOrder, listener, slotOffsets } from "./outage-watch.ts";

const RULES = new URL("../../deploy/examples/alerting-rules.yml", import.meta.url).pathname;
const PARTITIONS = 3;
const READ_AHEAD_BYTES = 64 << 20;

/** How far the clock moves at once at most: shorter than anything here takes. */
const STEP_MS = 500;
/** How far the windows may be behind the clock: they ask every second, and evaluations wait for eight. */
const BEHIND_MS = 3_000;

const yaml = (alertmanager: string) => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {resource: {attributes: [{key: site, value: lab, action: insert}]}}
exporters: {prometheus: {endpoint: "127.0.0.1:0"}}
broker: {embedded: {partitions: ${PARTITIONS}, sync: false}}
alerts: {rules: {default: ["${RULES}"]}, alertmanagers: [{url: "${alertmanager}"}], evaluation_interval: 1m}
service: {pipelines: {metrics: {receivers: [otlp], processors: [resource], exporters: [prometheus]}}}
`;

/** Worker and alert worker over the log of a folder, put together as a process does it. */
async function startRoad(folder: string, clock: FakeClock, heard: (notification: Notification) => void) {
  const file = join(folder, "rondo.yaml");
  writeFileSync(file, yaml(await listener(clock, heard)));
  const { graph, rules, problems } = await readConfig({ config: [file], set: [] });
  expect(problems).toEqual([]);
  if (graph?.alerts === undefined) throw new Error("there are no alerts");
  const { alerts } = graph;
  const [registry, readiness] = [createRegistry(), new Readiness(clock)];
  const around = { graph, clock, random: seededRandom(1), log: silentLog, registry, readiness };
  const broker = await openLog({ ...around, settings: graph.broker, data: folder, clientId: "test" });
  const opening = { ...around, windows: graph.windows, alerts, rules, data: folder };
  const windows = await openWindows({ ...opening, abort: new AbortController().signal });
  const kept = { ...around, broker, windows, settings: graph.windows };
  const writer = windowsWriter(kept);
  if (writer === undefined) throw new Error("there are no windows");
  await prepareLog(graph, broker, [writer.spec]);
  const worker = await startWorker({ ...around, broker, readers: [writer], readAheadBytes: READ_AHEAD_BYTES });
  const made: Transition[] = [];
  const alerting = await startAlerts({
    ...around,
    settings: alerts,
    tenants: await windowReaders(kept, rules),
    state: broker.state,
    leases: windows.leases,
    instance: "worker-1",
    onTransition: ({ labels, ...rest }) => made.push({ ...rest, labels: Object.fromEntries(labels) }),
  });
  return {
    ...{ broker, registry, made, store: windows.store, groups: rules.get(DEFAULT_TENANT) ?? [] },
    async close() {
      await alerting.close();
      await worker.close();
      await windows.close();
      await broker.close();
    },
  };
}

/** Appends a request as the gateway does, when it is due. */
async function append(broker: Broker, { signal, body }: FleetRequest): Promise<void> {
  for (const part of partitionRequest(signal, body, PARTITIONS, DEFAULT_TENANT)) {
    const headers = rawHeaders({ tenant: DEFAULT_TENANT, via: "otlp", items: part.items });
    await broker.append(RAW_TOPICS[signal], part.partition, [{ headers, value: part.body }]);
  }
}

/** Waits until what was appended is enriched. No clock has a part in that. */
async function enriched(broker: Broker): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { high } = await broker.watermarks(RAW_TOPICS.metrics, partition);
    while ((await broker.watermarks(enrichedTopic("metrics", "metrics"), partition)).high < high) await pause(1);
  }
}

/** Disks are real: as long as the windows are behind, the clock runs no faster than a real one, and at most until `at`. */
async function caughtUp(store: WindowStore, clock: FakeClock, at: number): Promise<void> {
  while (clock.now() < at) {
    const marks = await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => store.mark(partition)));
    if (marks.every((mark) => mark !== undefined && mark.watermark >= clock.now() - BEHIND_MS)) return;
    await pause(1);
    await clock.advance(1);
  }
}

test("an outage that goes the whole road makes the transitions of its truth, and each episode is told once", async () => {
  const startMs = Date.UTC(2026, 0, 1);
  const clock = new FakeClock(startMs);
  const folder = mkdtempSync(join(tmpdir(), "rondo-fleet-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const heard: Notification[] = [];
  const road = await startRoad(folder, clock, (notification) => heard.push(notification));
  const { broker, store, registry, groups, made } = road;
  const evaluation = { intervalMs: MINUTE, offsetsMs: slotOffsets(groups, MINUTE) };
  const played = outage({ seed: 1, startMs, evaluation });
  const until = async (at: number) => {
    while (clock.now() < at) {
      await clock.advance(Math.min(STEP_MS, at - clock.now()));
      await caughtUp(store, clock, at);
    }
  };
  const metrics = played.requests.filter(({ signal }) => signal === "metrics");
  for (const [t, due] of Map.groupBy(metrics, (request) => request.t)) {
    await until(startMs + t * 1_000);
    await Promise.all(due.map((request) => append(broker, request)));
    await enriched(broker);
  }
  await until(startMs + 90 * MINUTE + 10_000);
  const figure = (name: string) => registry.snapshot().find((sample) => sample.name === name)?.value;
  expect([figure("rondo_rule_group_missed_total"), figure("rondo_rule_group_held_total")]).toEqual([0, 0]);
  const closed = road.close();
  await clock.advance(10_000);
  await closed;
  expect(inOrder(made)).toEqual(inOrder(played.truth.transitions));
  expect(notificationProblems(played.truth.episodes, heard, 0)).toEqual([]);
}, 300_000);
