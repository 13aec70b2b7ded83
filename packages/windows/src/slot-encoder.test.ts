import { isStale, type Labels, labelsOf, STALE_BITS, STALE_NAN } from "@rondo/promql";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SLOT_MS } from "./slot.ts";
import { SlotDecoder } from "./slot-decoder.ts";
import { MAX_BLOCK_BYTES, SlotEncoder } from "./slot-encoder.ts";

const SLOT = Date.UTC(2026, 0, 1);
const same = (labels: Labels) => labels;

const series = fc
  .dictionary(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
    fc.string({ unit: "grapheme", maxLength: 6 }),
  )
  .map((labels) => ({ labels: labelsOf(labels) }));
const sample = fc.record({
  of: fc.nat(9),
  time: fc.nat(SLOT_MS - 1),
  value: fc.oneof(fc.double(), fc.constant(STALE_NAN), fc.integer(), fc.constant(-0)),
});
const slots = fc.record({
  series: fc.array(series, { minLength: 10, maxLength: 10 }),
  /** Each list is a block; undefined is a writer that takes over, and knows nothing of what stands there. */
  blocks: fc.array(fc.option(fc.array(sample, { maxLength: 30 }), { nil: undefined, freq: 5 }), { maxLength: 8 }),
  cut: fc.integer({ min: 1, max: 300 }),
});

test("whatever the samples, the writers and the cuts of the reader, what was written is read", () => {
  fc.assert(
    fc.property(slots, ({ series: known, blocks, cut }) => {
      let encoder = new SlotEncoder(SLOT);
      const written: unknown[] = [];
      const parts: Uint8Array[] = [];
      for (const block of blocks) {
        if (block === undefined) encoder = new SlotEncoder(SLOT);
        for (const { of, time, value } of block ?? []) {
          const { labels } = known[of] ?? { labels: [] };
          encoder.add(known[of] ?? { labels }, SLOT + time, value);
          written.push([labels, SLOT + time, isStale(value) ? "stale" : value]);
        }
        parts.push(encoder.block() ?? Buffer.of());
      }
      const bytes = Buffer.concat(parts);
      const decoder = new SlotDecoder(SLOT, same);
      const read: unknown[] = [];
      let offset = 0;
      for (let end = 0; offset < bytes.length; ) {
        end = Math.min(bytes.length, end + cut);
        offset += decoder.decode(bytes.subarray(offset, end), (labels, time, value) =>
          read.push([labels, time, isStale(value) ? "stale" : value]),
        );
      }
      expect(read).toEqual(written);
    }),
  );
});

test("labels and names stand in a slot once, and samples of theirs take about eleven bytes", () => {
  const encoder = new SlotEncoder(SLOT);
  const known = Array.from({ length: 1000 }, (_, index) => ({
    labels: labelsOf({ __name__: "http_requests_total", job: "gateway", instance: `host-${index}` }),
  }));
  const write = (time: number) => {
    for (const one of known) encoder.add(one, SLOT + time, time);
    return encoder.block()?.length ?? 0;
  };
  expect(write(0)).toBeGreaterThan(20_000);
  expect(write(15_000)).toBeLessThan(11_100);
  expect(encoder.bytes).toBe(0);
  expect(encoder.block()).toBeUndefined();
});

// Readers of other makers compare these bits; a machine may have made the marker quiet on the way here.
test("a stale marker is written with Prometheus's bits", () => {
  const encoder = new SlotEncoder(SLOT);
  encoder.add({ labels: [] }, SLOT, Float64Array.of(STALE_NAN)[0] ?? 0);
  const block = Buffer.from(encoder.block() ?? []);
  expect(block.readBigUInt64LE(block.length - 8)).toBe(STALE_BITS);
});

test("a block stays far below what readers take when its writer ends it in time", () => {
  const encoder = new SlotEncoder(SLOT);
  const one = { labels: labelsOf({ a: "b" }) };
  while (encoder.bytes < 1 << 20) encoder.add(one, SLOT, 0);
  expect(encoder.block()?.length).toBeLessThan(MAX_BLOCK_BYTES / 4);
});
