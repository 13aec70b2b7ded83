/** The whole way of a removed exporter stands in the test of `rondo ledger`; here is what else may happen on it. */
import {
  enrichedHeaders,
  enrichedTopic,
  exporterGroup,
  pipelineGroup,
  RAW_TOPICS,
  rawHeaders,
  retiredGroups,
} from "@rondo/broker";
import type { Graph } from "@rondo/config";
import { silentLog, systemClock } from "@rondo/core";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { dropBacklog, removedGroups, reviveGroups } from "./drop-backlog.ts";
import { holdRenames } from "./groups.ts";
import { encodeTotals, loadTotals, totalsKey } from "./totals.ts";

const ENRICHED = enrichedTopic("traces", "traces");
const PIPELINE = { group: pipelineGroup("traces"), topic: RAW_TOPICS.traces };
const EXPORTER = { group: exporterGroup("traces", "old"), topic: ENRICHED };
// Nothing here looks at anything but the pipelines' names.
const graph = (...pipelines: readonly object[]) => ({ pipelines }) as unknown as Graph;

async function setup(partitions = 1) {
  const broker = memoryBroker({ partitions });
  await broker.ensureTopics([{ name: RAW_TOPICS.traces }, { name: ENRICHED }]);
  for (const spec of [PIPELINE, EXPORTER]) await broker.registerGroup(spec);
  const abort = new AbortController();
  return { broker, abort, around: { broker, clock: systemClock, log: silentLog, abort: abort.signal } };
}

const enriched = (raw: number, items: number, tenant = "a") => ({
  headers: enrichedHeaders({ tenant, items, origin: `0:${raw}:0/1`, at: 5 }),
  value: new Uint8Array(1),
});

test("all partitions are dropped, by tenant, and what an earlier owner wrote twice counts once", async () => {
  const { broker, around } = await setup(2);
  await broker.append(ENRICHED, 0, [enriched(0, 3), enriched(1, 4, "b"), enriched(1, 4, "b")]);
  await broker.append(ENRICHED, 1, [enriched(0, 5)]);
  await broker.state.put([
    { key: totalsKey(EXPORTER.group, 0), value: encodeTotals({ offset: 1, sentBelow: 9, rows: {} }) },
  ]);
  await dropBacklog(EXPORTER, around);
  expect(await loadTotals(broker.state, EXPORTER.group, 0)).toMatchObject({
    offset: 3,
    sentBelow: 3,
    origin: { offset: 1, part: 0 },
    rows: { b: { entered: 4, dropped: { "old/backlog_dropped": 4 } } },
  });
  expect((await broker.position(EXPORTER.group)).map(({ committed }) => committed)).toEqual([3, 1]);
  expect(await retiredGroups(broker.state)).toEqual(new Set([EXPORTER.group]));
  await reviveGroups(broker.state, [EXPORTER]);
  expect(await retiredGroups(broker.state)).toEqual(new Set());
});

test("a pipeline's unread records are dropped with their items", async () => {
  const { broker, around } = await setup();
  const headers = rawHeaders({ tenant: "a", via: "otlp", items: 7 });
  await broker.append(RAW_TOPICS.traces, 0, [{ headers, value: new Uint8Array(1) }]);
  await dropBacklog(PIPELINE, around);
  expect(await loadTotals(broker.state, PIPELINE.group, 0)).toMatchObject({
    offset: 1,
    rows: { a: { entered: 7, dropped: { "pipeline/backlog_dropped": 7 } } },
  });
});

test("a record that is not Rondo's goes with the others and is nobody's items", async () => {
  const { broker, around } = await setup();
  await broker.append(ENRICHED, 0, [{ headers: {}, value: new Uint8Array(1) }, enriched(0, 3)]);
  await dropBacklog(EXPORTER, around);
  expect(await loadTotals(broker.state, EXPORTER.group, 0)).toMatchObject({ offset: 2, rows: { a: { entered: 3 } } });
});

test("a stop ends it, and what was dropped is dropped", async () => {
  const { broker, abort, around } = await setup();
  await broker.append(ENRICHED, 0, [enriched(0, 3)]);
  abort.abort();
  await expect(dropBacklog(EXPORTER, around)).rejects.toMatchObject({ code: "aborted" });
  expect(await retiredGroups(broker.state)).toEqual(new Set());
});

test("only what was removed can be dropped", async () => {
  const { broker } = await setup();
  const exporters = [{ id: "old" }, { id: "new", renamedFrom: "older" }];
  const using = graph({ id: "traces", signal: "traces", exporters });
  const told = (message: RegExp) => ({ code: "config", message: expect.stringMatching(message) });
  await expect(removedGroups("old", using, broker)).rejects.toMatchObject(told(/remove it from its pipelines first/));
  await expect(removedGroups("nobody", using, broker)).rejects.toMatchObject(told(/was removed; there is: nothing/));
  const without = graph({ id: "traces", signal: "traces", exporters: [] });
  expect(await removedGroups("old", without, broker)).toEqual([EXPORTER]);
  await expect(removedGroups("nobody", without, broker)).rejects.toMatchObject(told(/there is: old/));
  expect(await removedGroups("traces", graph(), broker)).toEqual([PIPELINE, EXPORTER]);
  await holdRenames(
    graph({ id: "traces", signal: "traces", exporters: [{ id: "later", renamedFrom: "old" }] }),
    broker,
  );
  expect(await removedGroups("later", without, broker)).toEqual([EXPORTER]);
});
