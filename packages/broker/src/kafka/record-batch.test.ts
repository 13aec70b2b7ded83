import { gzipSync, zstdCompressSync } from "node:zlib";
import { crc32c } from "@rondo/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchBytes, type OutRecord, readBatches, writeBatch } from "./record-batch.ts";
import { WireWriter } from "./wire.ts";

const NOW = 1_700_000_000_123;
const record = (text: string): OutRecord => ({ key: null, headers: {}, value: Buffer.from(text) });
const texts = (bytes: Buffer, wanted = 0) =>
  readBatches(bytes, wanted).records.map(({ value }) => Buffer.from(value ?? []).toString());

/** A batch as it stands in the log: written, then given its place by the broker. */
function batch(base: number, records: readonly OutRecord[], timestamp = NOW): Buffer {
  const writer = new WireWriter();
  writeBatch(writer, records, timestamp);
  const bytes = Buffer.from(writer.bytes);
  bytes.writeBigInt64BE(BigInt(base), 0);
  return bytes;
}

/** The same batch with its records compressed. */
function compressed(whole: Buffer, codec: number, body: (records: Buffer) => Buffer): Buffer {
  const made = Buffer.concat([whole.subarray(0, 61), body(whole.subarray(61))]);
  made.writeInt32BE(made.length - 12, 8);
  made.writeInt16BE(codec, 21);
  return made;
}

test("records are read as they were written, and never take more room than was said", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const headers = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), {
    noNullPrototype: true,
  });
  const records = fc.array(fc.record({ key: fc.option(bytes), headers, value: fc.option(bytes) }), { minLength: 1 });
  fc.assert(
    fc.property(records, fc.nat(2 ** 40), fc.nat(2 ** 41), (all, base, timestamp) => {
      const whole = batch(base, all, timestamp);
      expect(whole.length).toBeLessThanOrEqual(batchBytes(all));
      expect(crc32c(whole.subarray(21))).toBe(whole.readUInt32BE(17));
      const read = readBatches(whole, base);
      expect(read.next).toBe(base + all.length);
      expect(read.records.map(({ offset }) => offset)).toEqual(all.map((_, index) => base + index));
      for (const [index, { key, headers: found, value, timestamp: at }] of read.records.entries()) {
        const written = all[index];
        expect(at).toBe(timestamp);
        expect(key).toEqual(written?.key === null ? null : Buffer.from(written?.key ?? []));
        expect(value).toEqual(written?.value === null ? null : Buffer.from(written?.value ?? []));
        expect(Object.entries(found)).toEqual(Object.entries(written?.headers ?? {}));
      }
    }),
  );
});

describe("a read", () => {
  // The broker answers with whole batches, of which the first may begin earlier and the last may not have fitted.
  test("begins at the wanted offset and leaves out a batch that was cut off", () => {
    const both = Buffer.concat([batch(10, ["a", "b", "c"].map(record)), batch(13, ["d", "e"].map(record))]);
    expect(texts(both, 11)).toEqual(["b", "c", "d", "e"]);
    expect(texts(both, 14)).toEqual(["e"]);
    for (let length = 0; length < both.length; length++) {
      const read = readBatches(both.subarray(0, length), 11);
      expect([11, 13]).toContain(read.next);
      expect(read.records.length).toBe(read.next === 11 ? 0 : 2);
    }
  });

  // A compacted batch keeps its range when all its records are gone; whoever waits for one of them would wait for ever.
  test("goes on behind a batch of which nothing is left", () => {
    const empty = batch(20, ["a"].map(record)).subarray(0, 61);
    empty.writeInt32BE(empty.length - 12, 8);
    empty.writeInt32BE(9, 23);
    empty.writeInt32BE(0, 57);
    expect(readBatches(empty, 20)).toEqual({ records: [], next: 30 });
  });

  test("passes over what marks the end of a transaction", () => {
    const control = batch(5, [record("mark")]);
    control.writeInt16BE(32, 21);
    expect(readBatches(control, 5)).toEqual({ records: [], next: 6 });
  });

  // The broker writes one time for the whole batch, in the place of the newest.
  test("has the broker's time where the topic keeps it", () => {
    const stamped = batch(0, [record("a")]);
    stamped.writeInt16BE(8, 21);
    stamped.writeBigInt64BE(BigInt(NOW + 5), 35);
    expect(readBatches(stamped, 0).records).toMatchObject([{ timestamp: NOW + 5 }]);
  });

  test.each([
    ["gzip", 1, gzipSync],
    ["zstd", 4, zstdCompressSync],
  ] as const)("inflates %s", (_, codec, body) => {
    expect(texts(compressed(batch(0, ["a", "b"].map(record)), codec, body))).toEqual(["a", "b"]);
  });

  test("says what it cannot read", () => {
    const one = batch(0, [record("a")]);
    expect(() => texts(compressed(one, 2, (body) => body))).toThrow(/snappy.*none, gzip or zstd/);
    expect(() => texts(compressed(one, 3, (body) => body))).toThrow(/lz4/);
    one.writeInt8(1, 16);
    expect(() => texts(one)).toThrow(/record format 1/);
  });

  test("has headers of any name, and no prototype to lose", () => {
    const odd = { ...record("a"), headers: { ["__proto__"]: "x", constructor: "y" } };
    expect(readBatches(batch(0, [odd]), 0).records[0]?.headers["constructor"]).toBe("y");
  });
});
