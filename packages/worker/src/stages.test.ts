import { defineKeepingProcessor, defineProcessor, silentLog } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { stagesOf } from "./stages.ts";

const shared = { summary: "Does nothing.", signals: ["traces"], drops: [], fields: {} } as const;

test("a processor without state is made once, one with state anew for every claim, in the order of the pipeline", () => {
  const made = { pure: 0, keeping: 0 };
  const pure = defineProcessor({
    ...{ ...shared, type: "pure", state: "none" },
    create: () => ({ process: (batch) => ({ parts: [batch] }), number: ++made.pure }),
  });
  const keeping = defineKeepingProcessor({
    ...{ ...shared, type: "keeping", state: "keep" },
    create: () => ({
      ...{ process: (batch) => ({ parts: [batch] }), checkpoint: () => Buffer.of(), restore() {}, kept: 0 },
      number: ++made.keeping,
    }),
  });
  const processors = [
    { id: "keeping/1", type: keeping, values: {} },
    { id: "pure", type: pure, values: {} },
    { id: "keeping/2", type: keeping, values: {} },
  ];
  const options = { graph: { extensions: [] }, clock: new FakeClock(), random: () => 0, log: silentLog };
  const pipeline = { id: "traces", signal: "traces", receivers: [], processors, exporters: [] } as const;
  const open = stagesOf(options, pipeline, "traces");
  // Made and thrown away, so that what cannot be made is known at the start.
  expect(made).toEqual({ pure: 1, keeping: 2 });
  const [first, second] = [open(), open()];
  expect(first.stages.map(({ id, keeps }) => [id, keeps])).toEqual([
    ["keeping/1", true],
    ["pure", undefined],
    ["keeping/2", true],
  ]);
  expect(first.keeping.map(({ id, type }) => [id, type])).toEqual([
    ["keeping/1", "keeping"],
    ["keeping/2", "keeping"],
  ]);
  expect(first.stages[0]?.processor).toBe(first.keeping[0]?.processor);
  expect(first.stages[1]).toBe(second.stages[1]);
  expect(first.keeping[0]?.processor).not.toBe(second.keeping[0]?.processor);
  expect(made).toEqual({ pure: 1, keeping: 6 });
});
