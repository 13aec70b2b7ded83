import type { PipelineNode } from "@rondo/config";
import { readFields } from "@rondo/core";
import { accumulationOf, batch, memoryLimiter } from "@rondo/processors";
import { expect, test } from "vitest";
import { accumulationOfPipeline } from "./accumulation.ts";

/** What `batch` reads from YAML. */
function batchValues(raw: object): unknown {
  const place = { path: "", problem: (message: string) => expect.fail(message), warn() {}, at: () => place };
  return readFields(batch.fields, raw, place);
}

function pipeline(...processors: PipelineNode["processors"]): PipelineNode {
  return { id: "traces", signal: "traces", receivers: ["otlp"], processors, exporters: [] };
}

const node = (id: string, raw: object) => ({ id, type: batch, values: batchValues(raw) });

test("without a batch processor nothing waits, and a request stays below what gRPC servers take", () => {
  const { waitMs, minItems, maxBytes } = accumulationOfPipeline(pipeline());
  expect([waitMs, minItems]).toEqual([0, 1]);
  expect(maxBytes).toBeLessThan(4 << 20);
  const limiter = { id: "memory_limiter", type: memoryLimiter, values: {} };
  expect(accumulationOfPipeline(pipeline(limiter))).toEqual(accumulationOfPipeline(pipeline()));
});

test("the batch processor's numbers are the exporters'", () => {
  const values = batchValues({ timeout: "3s", send_batch_size: 100, send_batch_max_size: 150 });
  const found = accumulationOfPipeline(pipeline({ id: "batch", type: batch, values }));
  expect(found).toEqual(accumulationOf(values));
  expect(found).toMatchObject({ waitMs: 3_000, minItems: 100, maxItems: 150 });
});

test("of several the last one counts: what it sends is what exporters would get", () => {
  const found = accumulationOfPipeline(
    pipeline(node("batch", { send_batch_size: 10 }), node("batch/last", { send_batch_size: 20 })),
  );
  expect(found.minItems).toBe(20);
});
