import { isDeepStrictEqual } from "node:util";
import type { KeepingProcessor } from "@rondo/core";
import { expect, test } from "vitest";
import { runMetricSteps } from "./metric-steps.ts";

/** Hands everything on and counts; `restored` is what a new one makes of a checkpoint. */
function counting(restored: (text: string) => number): () => KeepingProcessor {
  return () => {
    let count = 0;
    return {
      process: (batch) => {
        count += batch.items;
        return { parts: [batch] };
      },
      checkpoint: () => Buffer.from(String(count)),
      restore: (checkpoint) => {
        count = restored(Buffer.from(checkpoint).toString());
      },
      get kept() {
        return count;
      },
    };
  };
}

const metric = { name: "n", gauge: { dataPoints: [{ asDouble: 1 }] } };
const matches = (create: () => KeepingProcessor, out?: readonly object[]) =>
  runMetricSteps(create, [{ in: [metric] }, { in: [metric], ...(out && { out }) }], 0).map(({ expected, actual }) =>
    isDeepStrictEqual(expected, actual),
  );

test("a step that is as it says matches, and one that is not does not", () => {
  expect(matches(counting(Number))).toEqual([true, true]);
  expect(matches(counting(Number), [{ ...metric, name: "other" }])).toEqual([true, false]);
});

test("an heir that knows less than the checkpoint says is found out", () => {
  expect(matches(counting(() => 0))).toEqual([true, false]);
});
