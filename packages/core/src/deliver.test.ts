import { expect, test } from "vitest";
import type { Batch } from "./batch.ts";
import { compose, type Deliver, type Layer } from "./deliver.ts";
import { SETTLED } from "./verdict.ts";

const BATCH: Batch = { signal: "traces", tenant: "default", items: 1, body: new Uint8Array(0) };

test("the first layer is the outermost: it sees a batch first and its verdict last", async () => {
  const seen: string[] = [];
  const named =
    (name: string): Layer =>
    (next) =>
    async (batch, abort) => {
      seen.push(`${name} in`);
      const verdict = await next(batch, abort);
      seen.push(`${name} out`);
      return verdict;
    };
  const exporter: Deliver = async () => {
    seen.push("exporter");
    return SETTLED;
  };
  const deliver = compose([named("observe"), named("retry")], exporter);
  expect(await deliver(BATCH, new AbortController().signal)).toBe(SETTLED);
  expect(seen).toEqual(["observe in", "retry in", "exporter", "retry out", "observe out"]);
});

test("without layers the innermost is what there is", () => {
  const exporter: Deliver = async () => SETTLED;
  expect(compose([], exporter)).toBe(exporter);
});

test("a layer wraps once, not once for every batch", async () => {
  let wrapped = 0;
  const layer: Layer = (next) => {
    wrapped++;
    return next;
  };
  const deliver = compose([layer], async () => SETTLED);
  for (let n = 0; n < 3; n++) await deliver(BATCH, new AbortController().signal);
  expect(wrapped).toBe(1);
});
