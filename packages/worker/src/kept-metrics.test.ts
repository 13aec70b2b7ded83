import { createRegistry } from "@rondo/monitor";
import { expect, test } from "vitest";
import { observeKept } from "./kept-metrics.ts";
import type { KeptState } from "./kept-state.ts";

const state = (entries: number, bytes: number, ageMs: number) =>
  // What is read of it.
  ({ keeping: [{ id: "a/x", processor: { kept: entries } }], bytesOf: () => bytes, ageMs }) as unknown as KeptState;

test("entries and bytes are summed over partitions, the age is the worst one's, and a partition that left counts no more", () => {
  const registry = createRegistry();
  const shown = () =>
    Object.fromEntries(
      registry
        .snapshot()
        .filter(({ name }) => /kept|checkpoint/.test(name))
        .map(({ name, value }) => [name, value]),
    );
  const { keeps, lost } = observeKept(registry, { signal: "metrics", pipeline: "metrics" });
  expect(shown()).toEqual({});
  const ends = [keeps(state(2, 100, 1_500)), keeps(state(3, 50, 500))];
  lost("a/x");
  expect(shown()).toEqual({
    rondo_kept_entries: 5,
    rondo_checkpoint_size_bytes: 150,
    rondo_checkpoint_age_seconds: 1.5,
    rondo_checkpoints_lost_total: 1,
  });
  ends[0]?.();
  expect(shown()).toMatchObject({ rondo_kept_entries: 3, rondo_checkpoint_age_seconds: 0.5 });
});
