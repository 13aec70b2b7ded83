import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { checkRunId, forgetRun, goOn, loadRun, type ReplayRun, saveRun } from "./run-of-replay.ts";

const begun: ReplayRun = { pipeline: "logs", exporters: ["loki"], from: 1_000, to: 2_000 };

test("a run is kept until it is done", async () => {
  const { state } = memoryBroker();
  expect(await loadRun(state, "r1")).toBeUndefined();
  await saveRun(state, "r1", begun);
  expect(await loadRun(state, "r1")).toEqual(begun);
  expect(await loadRun(state, "r2")).toBeUndefined();
  await forgetRun(state, "r1");
  expect(await state.list("")).toEqual([]);
  await state.put([{ key: "replays/r1", value: Buffer.from("{") }]);
  await expect(loadRun(state, "r1")).rejects.toThrow("what was kept of run r1 cannot be read");
});

test("who goes on gets what was begun, also when durations have moved since", () => {
  const asked = { ...begun, from: 1_500, to: 2_500 };
  expect(goOn("r1", begun, asked, { from: "-2h", to: "-1h" })).toBe(begun);
  expect(goOn("r1", begun, asked, {})).toBe(begun);
  expect(goOn("r1", begun, { ...begun }, { from: "1970-01-01T00:00:01Z" })).toBe(begun);
});

test.each<[string, Partial<ReplayRun>, Parameters<typeof goOn>[3]]>([
  ["run r1 was begun for pipeline logs; go on with that, or take another --run", { pipeline: "traces" }, {}],
  ["run r1 was begun for loki;", { exporters: ["debug"] }, { exporter: "debug" }],
  ["run r1 was begun with --from 1970-01-01T00:00:01.000Z;", { from: 9 }, { from: "1970-01-01T00:00:00.009Z" }],
])("%s", (message, other, given) => {
  expect(() => goOn("r1", begun, { ...begun, ...other }, given)).toThrow(message);
});

test("a new run needs a span", () => {
  expect(goOn("r1", undefined, begun, { from: "-2h" })).toBe(begun);
  expect(() => goOn("r1", undefined, begun, {})).toThrow("--from is needed");
  expect(() => goOn("r1", undefined, { ...begun, to: 1_000 }, { from: "-1h" })).toThrow("the span is empty");
});

test.each(["", "-x", "a/b", "a b", "x".repeat(65)])("%j is no name of a run", (run) => {
  expect(() => checkRunId(run)).toThrow("a run is called by letters");
});
