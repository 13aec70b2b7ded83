import type { Graph } from "@rondo/config";
import { NO_ITEMS, type Row } from "@rondo/worker";
import { expect, test } from "vitest";
import { findDifferences } from "./differences.ts";
import type { LedgerPage, PartitionTotals } from "./read-ledger.ts";

// Nothing here looks at anything but the pipelines' names.
const GRAPH = {
  pipelines: [{ id: "traces", signal: "traces", receivers: [], exporters: [{ id: "out" }] }],
} as unknown as Graph;

function at(exporter: string, partition: number, offset: number, row: Partial<Row>, registered = 0): PartitionTotals {
  const group = exporter === "" ? "rondo.traces" : `rondo.traces.${exporter}`;
  return {
    ...{ pipeline: "traces", exporter, group, removed: false, partition },
    totals: { offset, enriched: offset, rows: { a: { ...NO_ITEMS, ...row } } },
    position: { partition, registered },
    range: { low: 0, high: 3 },
  };
}

function differences(...partitions: readonly PartitionTotals[]): readonly string[] {
  const page: LedgerPage = { receivers: [], lines: [], partitions, lag: [], differences: [], notes: [] };
  return findDifferences(GRAPH, page);
}

const forwarded = (items: number) => ({ entered: items, forwarded: items });
const delivered = (items: number) => ({ entered: items, delivered: items });

// Over all partitions 5 were forwarded and 5 entered.
test("what is right in the sum and wrong in two partitions is found in each", () => {
  const found = differences(
    ...[at("", 0, 3, forwarded(2)), at("", 1, 3, forwarded(3))],
    ...[at("out", 0, 3, delivered(3)), at("out", 1, 3, delivered(2))],
  );
  expect(found).toEqual([
    "pipeline traces, exporter out, tenant a, partition 0 (group rondo.traces.out, offsets below 3): 2 items were forwarded, 3 entered",
    "pipeline traces, exporter out, tenant a, partition 1 (group rondo.traces.out, offsets below 3): 3 items were forwarded, 2 entered",
  ]);
});

test("a partition whose exporter is behind, or began later, is not judged", () => {
  const pipeline = at("", 0, 3, forwarded(2));
  expect(differences(pipeline, at("out", 0, 2, delivered(1)))).toEqual([]);
  expect(differences(at("", 0, 2, forwarded(2)), at("out", 0, 3, delivered(1)))).toEqual([]);
  expect(differences(pipeline, at("out", 0, 3, delivered(1), 2))).toEqual([]);
  expect(differences(pipeline, at("out", 0, 3, delivered(1)))).toHaveLength(1);
});
