import fc from "fast-check";
import { expect, test } from "vitest";
import { batchBytes } from "./kafka/record-batch.ts";
import { recordBytes } from "./record-bytes.ts";

test("counts key, value, and names and values of headers by their bytes in UTF-8", () => {
  const bare = recordBytes({ headers: {}, value: null });
  expect(recordBytes({ headers: {}, value: Buffer.alloc(5) })).toBe(bare + 5);
  expect(recordBytes({ key: Buffer.alloc(3), headers: {}, value: Buffer.alloc(5) })).toBe(bare + 8);
  expect(recordBytes({ headers: { né: "日" }, value: null })).toBeGreaterThanOrEqual(bare + 6);
});

test("records that are counted by it one by one take no more together, but for what every batch begins with", () => {
  const record = fc.record({
    headers: fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 200 }), { maxKeys: 4 }),
    value: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), (records) => {
      const sum = records.reduce((bytes, one) => bytes + recordBytes(one), 0);
      expect(batchBytes(records.map((one) => ({ key: null, ...one }))) - batchBytes([])).toBe(sum);
    }),
  );
});
