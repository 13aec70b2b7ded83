import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enrichedTopic, exporterGroup, pipelineGroup, RAW_TOPICS, rawHeaders, windowsGroup } from "@rondo/broker";
import type { Graph } from "@rondo/config";
import { silentLog, systemClock } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { type MemoryBroker, memoryBroker, namedSpans } from "@rondo/testkit";
import { encodeTotals, loadTotals, prepareLog, type Row, startWorker, totalsKey } from "@rondo/worker";
import { expect, test } from "vitest";
import { graphOf, printed } from "../configuration.cases.ts";
import { EXIT } from "../out.ts";
import { type LedgerLine, ledgerCommand, printLedger, readLedger } from "./ledger.ts";

const yaml = (...exporters: string[]) => `
  receivers: {otlp: {protocols: {http: }}}
  exporters: {${exporters.map((id) => `${id}: {verbosity: basic}`).join(", ")}}
  service: {pipelines: {traces: {receivers: [otlp], exporters: [${exporters.join(", ")}]}}}
`;
const ONE = graphOf(yaml("debug"));
const TWO = graphOf(yaml("debug", "debug/late"));

async function produce(broker: MemoryBroker, names: readonly string[], tenant = "default", partition = 0) {
  const headers = rawHeaders({ tenant, via: "otlp", items: names.length });
  await broker.append(RAW_TOPICS.traces, partition, [{ headers, value: namedSpans(names) }]);
}

/** Runs the worker until everything in the log is settled and committed. */
async function settle(graph: Graph, broker: MemoryBroker): Promise<void> {
  await prepareLog(graph, broker);
  const bounds = { readAheadBytes: 1 << 20, readiness: new Readiness(systemClock) };
  const ambient = { clock: systemClock, random: Math.random, log: silentLog, registry: createRegistry() };
  const worker = await startWorker({ graph, broker, ...ambient, ...bounds });
  await worker.drained(AbortSignal.timeout(5_000));
  await worker.close();
}

/** Changes one row in the log behind the worker's back. */
async function plant(broker: MemoryBroker, group: string, tenant: string, change: Partial<Row>): Promise<void> {
  const totals = await loadTotals(broker.state, group, 0);
  const row = totals?.rows[tenant];
  if (totals === undefined || row === undefined) throw new Error(`${group} has no row of ${tenant}`);
  const value = encodeTotals({ ...totals, rows: { ...totals.rows, [tenant]: { ...row, ...change } } });
  await broker.state.put([{ key: totalsKey(group, 0), value }]);
}

const brief = ({ exporter, tenant, entered, forwarded, delivered }: LedgerLine) =>
  `${exporter || "–"} ${tenant}: ${entered} in, ${forwarded} on, ${delivered} out`;

test("the rows of all partitions are added up by tenant, and balance", async () => {
  const broker = memoryBroker({ partitions: 2 });
  await prepareLog(ONE, broker);
  await produce(broker, ["a", "b"], "default", 0);
  await produce(broker, ["c"], "default", 1);
  await produce(broker, ["d"], "site-7", 1);
  await settle(ONE, broker);
  const page = await readLedger(ONE, broker);
  expect(page.lines.map(brief)).toEqual([
    "– default: 3 in, 3 on, 0 out",
    "– site-7: 1 in, 1 on, 0 out",
    "debug default: 3 in, 0 on, 3 out",
    "debug site-7: 1 in, 0 on, 1 out",
  ]);
  expect(page.differences).toEqual([]);
  const { lines, errors, out } = printed();
  expect(printLedger(page, out)).toBe(EXIT.ok);
  expect([lines.at(-1), errors]).toEqual(["the account balances", []]);
  expect(lines[0]).toMatch(/^pipeline +exporter +tenant +entered/);
  expect(lines).toHaveLength(1 + 4 + 1);
  await broker.close();
});

test("what retention removed unread is named by its group, and is no lag", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  for (const name of ["a", "b", "c"]) await produce(broker, [name]);
  broker.trim(RAW_TOPICS.traces, 0, 2);
  const page = await readLedger(ONE, broker);
  const group = pipelineGroup("traces");
  expect(page.lag.find((one) => one.group === group)).toMatchObject({ records: 1, lost: 2 });
  const { errors, out } = printed();
  printLedger(page, out);
  expect(errors).toEqual([`${group}: retention removed 2 records before they were read`]);
  await broker.close();
});

test("items that came in and went nowhere are a difference with its pipeline, exporter and tenant", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  await produce(broker, ["a", "b", "c"], "site-7");
  await settle(ONE, broker);
  await plant(broker, exporterGroup("traces", "debug"), "site-7", { delivered: 2 });
  const page = await readLedger(ONE, broker);
  expect(page.differences).toEqual([
    "pipeline traces, exporter debug, tenant site-7: 3 items came in, 2 are accounted for",
  ]);
  const { lines, errors, out } = printed();
  expect(printLedger(page, out)).toBe(EXIT.failed);
  expect([lines.at(-1), errors]).toEqual(["1 differences", page.differences]);
  await broker.close();
});

test("what a pipeline forwarded and an exporter at the end of its topic never saw is a difference", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  await produce(broker, ["a", "b", "c"]);
  await settle(ONE, broker);
  // Both rows still balance in themselves: only the edge between them shows it.
  await plant(broker, exporterGroup("traces", "debug"), "default", { entered: 1, delivered: 1 });
  expect((await readLedger(ONE, broker)).differences).toEqual([
    "pipeline traces, exporter debug, tenant default: 3 items were forwarded, 1 entered",
  ]);
  await broker.close();
});

test("while records are unread the edge is not judged, and the lag is said", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  await produce(broker, ["a", "b", "c"]);
  await settle(ONE, broker);
  await plant(broker, exporterGroup("traces", "debug"), "default", { entered: 1, delivered: 1 });
  await produce(broker, ["d"]);
  const page = await readLedger(ONE, broker);
  expect(page.differences).toEqual([]);
  const { lines, out } = printed();
  expect(printLedger(page, out)).toBe(EXIT.ok);
  expect(lines.at(-2)).toBe(`${pipelineGroup("traces")}: 1 records not committed yet`);
  await broker.close();
});

test("an exporter that was added later owes nothing of what was forwarded before", async () => {
  const first = memoryBroker();
  await prepareLog(ONE, first);
  await produce(first, ["a", "b", "c"]);
  await settle(ONE, first);
  const broker = await first.restart();
  await prepareLog(TWO, broker);
  await produce(broker, ["d"]);
  await settle(TWO, broker);
  const page = await readLedger(TWO, broker);
  expect(page.lines.map(brief)).toEqual([
    "– default: 4 in, 4 on, 0 out",
    "debug default: 4 in, 0 on, 4 out",
    "debug/late default: 1 in, 0 on, 1 out",
  ]);
  expect(page.differences).toEqual([]);
  await broker.close();
});

test("the backlog of an exporter that was removed is shown as such, and no difference", async () => {
  const broker = memoryBroker();
  await prepareLog(TWO, broker);
  await produce(broker, ["a", "b"]);
  await settle(ONE, broker);
  const page = await readLedger(ONE, broker);
  const group = exporterGroup("traces", "debug/late");
  expect(page.lag.find((one) => one.group === group)).toEqual({
    group,
    records: 1,
    lost: 0,
    fromStart: true,
    removed: true,
  });
  const { lines, out } = printed();
  expect(printLedger(page, out)).toBe(EXIT.ok);
  expect(lines).toContain(`${group}: 1 records not committed yet (removed from the configuration)`);
  await broker.close();
});

test("drops are printed with component and reason", () => {
  const { lines, out } = printed();
  const row = { entered: 5, created: 0, forwarded: 3, delivered: 0, deadLettered: 0, redelivered: 0 };
  const line = { ...row, pipeline: "traces", exporter: "", tenant: "default", dropped: { "filter/sampled": 2 } };
  printLedger({ lines: [line], lag: [], differences: [] }, out);
  expect(lines[1]).toContain("2 (filter/sampled 2)");
});

test("a wrong configuration is told before the log is touched, and a folder without a log is not made into one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rondo-ledger-"));
  const config = join(folder, "config.yaml");
  const data = join(folder, "data");
  const { errors, out } = printed();
  await writeFile(config, yaml("debug"));
  const wrong = { config: [config], set: ["exporters.debug.nosuch=1"], data };
  expect(await ledgerCommand(wrong, { out, clock: systemClock, random: Math.random })).toBe(EXIT.usage);
  expect(errors).toEqual([expect.stringContaining("exporters::debug::nosuch: unknown key")]);
  await expect(
    ledgerCommand({ config: [config], set: [], data }, { out, clock: systemClock, random: Math.random }),
  ).rejects.toMatchObject({
    message: expect.stringContaining(data),
  });
  expect(existsSync(data)).toBe(false);
  await rm(folder, { recursive: true });
});

test("the windows' writer is shown with its lag, as removed only when the rules are", async () => {
  const metrics = (alerts: string) =>
    graphOf(`
      receivers: {otlp: {protocols: {http: }}}
      exporters: {debug: {verbosity: basic}}
      service: {pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}}
      ${alerts}`);
  const graph = metrics("alerts: {rules: {default: [rules.yml]}}");
  const broker = memoryBroker();
  const spec = { group: windowsGroup("metrics"), topic: enrichedTopic("metrics", "metrics") };
  await prepareLog(graph, broker, [spec]);
  const shown = async (one: Graph) => (await readLedger(one, broker)).lag.find(({ group }) => group === spec.group);
  expect(await shown(graph)).toMatchObject({ records: 0, removed: false });
  expect(await shown(metrics(""))).toMatchObject({ removed: true });
});
