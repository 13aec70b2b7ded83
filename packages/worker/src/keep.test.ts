/** The members of the contract of `keep` components, and what it must find. */
import { defineKeepingProcessor, type KeepingProcessor } from "@rondo/core";
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
