/** The members of the contract of `keep` components, and what it must find. */
import { defineKeepingProcessor, type KeepingProcessor } from "@rondo/core";
import { encodeRequest } from "@rondo/otlp/codec";
import { deltaToCumulative } from "@rondo/processors";
import { namedSpans } from "@rondo/testkit";
import { checkKeep, type KeepSubject, keepContract } from "@rondo/testkit/keep-contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inMemory, onDisk } from "./keep.cases.ts";

/** Counts spans over all records, and names each by its number; `change` breaks it. */
function counting(
  change: (counter: KeepingProcessor, now: () => number) => KeepingProcessor = (whole) => whole,
): KeepSubject {
  const type = defineKeepingProcessor({
    type: "count",
    summary: "Numbers spans.",
    signals: ["traces"],
    state: "keep",
    drops: [],
    fields: {},
    create(_values, { clock }) {
      let count = 0;
      const counter: KeepingProcessor = {
        process: ({ items }, at) => {
          const names = Array.from({ length: items }, () => `${++count} at ${at}`);
          return { parts: [{ items, body: namedSpans(names) }] };
        },
        checkpoint: () => Buffer.from(String(count)),
        restore: (checkpoint) => {
          count = Number(Buffer.from(checkpoint).toString());
        },
        get kept() {
          return count;
        },
      };
      return change(counter, () => clock.now());
    },
  });
  const request = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 3 }).map(namedSpans);
  return { type, signal: "traces", values: {}, request };
}

/** Requests of a few streams of every kind, whose deltas come in any order. */
const deltas = fc
  .array(
    fc.record({
      name: fc.constantFrom("a", "b"),
      kind: fc.constantFrom("sum", "histogram", "exponentialHistogram", "gauge"),
      aggregationTemporality: fc.constantFrom(1, 1, 1, 2),
      start: fc.nat({ max: 3 }),
      time: fc.nat({ max: 200 }),
      value: fc.nat({ max: 9 }),
      scale: fc.integer({ min: -1, max: 2 }),
      bounds: fc.constantFrom([1], [1], [2]),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((points) => {
    const metrics = points.map(({ name, kind, aggregationTemporality, start, time, value, scale, bounds }) => {
      const at = { startTimeUnixNano: start, timeUnixNano: time };
      const one = {
        ...{ sum: { asInt: value }, gauge: { asDouble: value } },
        histogram: { count: value, bucketCounts: [value, 0], explicitBounds: bounds, sum: value / 3 },
        exponentialHistogram: {
          count: value,
          scale,
          positive: { offset: start - 1, bucketCounts: [value, 1] },
          max: value,
        },
      }[kind];
      return { name, [kind]: { aggregationTemporality, dataPoints: [{ ...at, ...one }] } };
    });
    // The names of the messages, which no type of their own has with counts as numbers.
    return encodeRequest("metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] } as never);
  });

const deltatocumulative: KeepSubject = {
  type: deltaToCumulative,
  signal: "metrics",
  values: { max_stale: 60_000, max_streams: 4 },
  request: deltas,
};

keepContract("deltatocumulative in memory", deltatocumulative, inMemory);
keepContract("deltatocumulative on disk", deltatocumulative, onDisk);
keepContract("a counter in memory", counting(), inMemory);
keepContract("a counter on disk", counting(), onDisk);

test("a component that forgets what it kept is found out", async () => {
  const forgetful = counting((counter) => ({ ...counter, kept: 0, restore: () => {} }));
  await expect(checkKeep(forgetful, inMemory)).rejects.toThrow(/Property failed/);
});

test("a component that reads the clock is found out", async () => {
  const timed = counting((counter, now) => ({
    ...counter,
    kept: 0,
    process: (batch) => counter.process(batch, now()),
  }));
  await expect(checkKeep(timed, inMemory)).rejects.toThrow(/Property failed/);
});

test("a component that keeps a checkpoint for other offsets than its own is found out", async () => {
  const late = counting((counter) => {
    let before = counter.checkpoint();
    return {
      ...counter,
      kept: 0,
      process(batch, at) {
        before = counter.checkpoint();
        return counter.process(batch, at);
      },
      checkpoint: () => before,
    };
  });
  await expect(checkKeep(late, inMemory)).rejects.toThrow(/Property failed/);
});
