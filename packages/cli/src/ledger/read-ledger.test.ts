import {
  enrichedHeaders,
  enrichedTopic,
  exporterGroup,
  pipelineGroup,
  RAW_TOPICS,
  rawHeaders,
  windowsGroup,
} from "@rondo/broker";
import type { Graph } from "@rondo/config";
import { silentLog, systemClock } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { type MemoryBroker, memoryBroker, namedSpans } from "@rondo/testkit";
import {
  dropBacklog,
  encodeTotals,
  loadTotals,
  prepareLog,
  type Row,
  removedGroups,
  startWorker,
  totalsKey,
} from "@rondo/worker";
import { expect, test } from "vitest";
import { dropLetters } from "../commands/dlq-drop.ts";
import { graphOf, printed } from "../configuration.cases.ts";
import { EXIT } from "../out.ts";
import { printLedger } from "./print-ledger.ts";
import { type LedgerLine, readLedger } from "./read-ledger.ts";

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
  const page = await readLedger(ONE, broker, systemClock);
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
  const page = await readLedger(ONE, broker, systemClock);
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
  const page = await readLedger(ONE, broker, systemClock);
  expect(page.differences).toEqual([
    "pipeline traces, exporter debug, tenant site-7, partition 0 (group rondo.traces.debug, offsets below 1): 3 items came in, 2 are accounted for",
  ]);
  const { lines, errors, out } = printed();
  expect(printLedger(page, out)).toBe(EXIT.failed);
  expect([lines.at(-1), errors]).toEqual(["1 differences", page.differences]);
  // Where something differs every partition has a row.
  expect(lines).toContainEqual(expect.stringMatching(/^rondo\.traces\.debug +0 +site-7 +1 +1 +3 +0 +2 +0 +0 +0$/));
  await broker.close();
});

test("what a pipeline forwarded and an exporter at the end of its topic never saw is a difference", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  await produce(broker, ["a", "b", "c"]);
  await settle(ONE, broker);
  // Both rows still balance in themselves: only the edge between them shows it.
  await plant(broker, exporterGroup("traces", "debug"), "default", { entered: 1, delivered: 1 });
  expect((await readLedger(ONE, broker, systemClock)).differences).toEqual([
    "pipeline traces, exporter debug, tenant default, partition 0 (group rondo.traces.debug, offsets below 1): 3 items were forwarded, 1 entered",
  ]);
  await broker.close();
});

test("while an exporter has not read everything the edge is not judged, and the lag is said", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  await produce(broker, ["a", "b", "c"]);
  await settle(ONE, broker);
  await plant(broker, exporterGroup("traces", "debug"), "default", { entered: 1, delivered: 1 });
  const headers = enrichedHeaders({ tenant: "default", items: 2, origin: "0:1:0/1", at: Date.now() });
  await broker.append(enrichedTopic("traces", "traces"), 0, [{ headers, value: namedSpans(["d", "e"]) }]);
  const page = await readLedger(ONE, broker, systemClock);
  expect(page.differences).toEqual([]);
  const { lines, out } = printed();
  expect(printLedger(page, out)).toBe(EXIT.ok);
  expect(lines.at(-2)).toBe(
    `${exporterGroup("traces", "debug")}: 1 records not committed yet (2 items, the oldest 0 s old)`,
  );
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
  const page = await readLedger(TWO, broker, systemClock);
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
  const page = await readLedger(ONE, broker, systemClock);
  const group = exporterGroup("traces", "debug/late");
  expect(page.lag.find((one) => one.group === group)).toEqual({
    group,
    records: 1,
    items: 2,
    isExact: true,
    seconds: expect.any(Number),
    lost: 0,
    fromStart: true,
    removed: true,
  });
  const { lines, out } = printed();
  expect(printLedger(page, out)).toBe(EXIT.ok);
  expect(lines).toContain(
    `${group}: 1 records not committed yet (2 items, the oldest 0 s old; removed from the configuration)`,
  );
  await broker.close();
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
  const shown = async (one: Graph) =>
    (await readLedger(one, broker, systemClock)).lag.find(({ group }) => group === spec.group);
  expect(await shown(graph)).toMatchObject({ records: 0, removed: false });
  expect(await shown(metrics(""))).toMatchObject({ removed: true });
});

test("a removed exporter keeps its rows and its lag until its backlog is dropped, and goes on there when it is back", async () => {
  const broker = memoryBroker();
  await prepareLog(TWO, broker);
  await produce(broker, ["a", "b"]);
  await settle(TWO, broker);
  await produce(broker, ["c"]);
  await settle(ONE, broker);
  const removed = async () => (await readLedger(ONE, broker, systemClock)).lines.find((one) => one.removed);
  expect(await removed()).toMatchObject({ exporter: "debug/late", entered: 2, delivered: 2 });
  const around = { broker, clock: systemClock, log: silentLog, abort: new AbortController().signal };
  for (const spec of await removedGroups("debug/late", ONE, broker)) await dropBacklog(spec, around);
  expect(await removed()).toMatchObject({ entered: 3, delivered: 2, dropped: { "debug/late/backlog_dropped": 1 } });
  const page = await readLedger(ONE, broker, systemClock);
  expect([page.lag.map(({ group }) => group), page.differences]).toEqual([
    [pipelineGroup("traces"), exporterGroup("traces", "debug")],
    [],
  ]);
  await produce(broker, ["d"]);
  await settle(ONE, broker);
  await settle(TWO, broker);
  const back = await readLedger(TWO, broker, systemClock);
  expect(back.lines.map(brief)).toContain("debug/late default: 4 in, 0 on, 3 out");
  expect([back.lag.length, back.differences]).toEqual([3, []]);
  await broker.close();
});

test("what each gateway accepted and refused is shown by instance, and a pipeline that saw less is noted", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  const account = { receiver: "otlp", signal: "traces", tenant: "default" };
  const put = (instance: string, counts: object) =>
    broker.state.put([
      { key: `gateway/${instance}/otlp/traces/default`, value: Buffer.from(JSON.stringify({ ...account, ...counts })) },
    ]);
  await put("gw-1", { accepted: 2, refused: 0 });
  await put("gw-2", { accepted: 3, refused: 7, reasons: { throttled: 7 } });
  await produce(broker, ["a", "b", "c"]);
  await settle(ONE, broker);
  const page = await readLedger(ONE, broker, systemClock);
  expect(page.notes).toEqual(["pipeline traces, tenant default: its receivers accepted 5 items, 3 entered"]);
  const { lines, out } = printed();
  expect(printLedger(page, out)).toBe(EXIT.ok);
  expect(lines.slice(0, 3)).toEqual([
    "receiver  signal  tenant   instance  accepted          refused",
    "otlp      traces  default  gw-1             2                0",
    "otlp      traces  default  gw-2             3  7 (throttled 7)",
  ]);
  await broker.close();
});

test("what a pipeline set aside is in its row, the account balances with it, and what became of it is noted", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  const headers = rawHeaders({ tenant: "default", via: "otlp", items: 2 });
  await broker.append(RAW_TOPICS.traces, 0, [{ headers, value: Buffer.from("no OTLP") }]);
  await produce(broker, ["a"]);
  await settle(ONE, broker);
  const page = await readLedger(ONE, broker, systemClock);
  expect(page.lines[0]).toMatchObject({ exporter: "", entered: 3, forwarded: 1, deadLettered: 2, dropped: {} });
  expect([page.differences, page.notes]).toEqual([[], []]);
  expect(await dropLetters(ONE, broker, {})).toEqual({ letters: 1, items: 2 });
  const { notes } = await readLedger(ONE, broker, systemClock);
  expect(notes).toEqual(["of the dead letters, 2 dropped (pipeline/invalid_item 2)"]);
  await broker.close();
});

test("as JSON it is one line that a machine can read, differences included", async () => {
  const broker = memoryBroker();
  await prepareLog(ONE, broker);
  await produce(broker, ["a"]);
  await settle(ONE, broker);
  await plant(broker, pipelineGroup("traces"), "default", { forwarded: 0 });
  const { lines, errors, out } = printed();
  expect(printLedger(await readLedger(ONE, broker, systemClock), out, { json: true })).toBe(EXIT.failed);
  expect([lines.length, errors]).toEqual([1, []]);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    balances: false,
    differences: [expect.stringContaining("1 items came in, 0 are accounted for"), expect.stringContaining("entered")],
    partitions: [{ group: pipelineGroup("traces"), partition: 0, totals: { offset: 1 } }, {}],
  });
  await broker.close();
});
