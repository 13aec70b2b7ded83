import { allocate, crc32c } from "@rondo/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wholeValue } from "../new-value.ts";
import { batchAt, changed, readAll, textBatch, textRecord, textsOf } from "./batch.cases.ts";
import { batchBytes, findBatches, toLogRecord, UNKNOWN_TIME, writeRecords } from "./record-batch.ts";

const NOW = 1_700_000_000_123;
const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.string({ unit: "grapheme" });
const value = fc.option(fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })));
const record = fc.record({
  key: fc.option(bytes),
  headers: fc.dictionary(text, text, { noNullPrototype: true }),
  value,
});
const records = fc.array(record, { minLength: 1 });

test("records are read as they were written, and never take more room than was said", async () => {
  const property = fc.asyncProperty(records, fc.nat(2 ** 40), fc.nat(2 ** 41), async (all, base, timestamp) => {
    const whole = batchAt(base, all, timestamp);
    expect(whole.length).toBeLessThanOrEqual(batchBytes(all));
    expect(crc32c(whole.subarray(21))).toBe(whole.readUInt32BE(17));
    expect(writeRecords(all, allocate)).toEqual(whole.subarray(61));
    const read = await readAll(whole, base);
    expect(read.next).toBe(base + all.length);
    expect(read.records.map(({ offset }) => offset)).toEqual(all.map((_, index) => base + index));
    for (const [index, { key, headers: found, value: came, timestamp: at }] of read.records.entries()) {
      const { key: gave, value: written = null, headers = {} } = all[index] ?? {};
      expect(at).toBe(timestamp);
      expect(key).toEqual(gave === null ? null : Buffer.from(gave ?? []));
      expect(came).toEqual(written === null ? null : Buffer.from(wholeValue(written)));
      expect(Object.entries(found)).toEqual(Object.entries(headers));
    }
  });
  await fc.assert(property);
});

describe("a read", () => {
  // The broker answers with whole batches, of which the first may begin earlier and the last may not have fitted.
  test("begins at the wanted offset and leaves out a batch that was cut off", async () => {
    const first = textBatch(10, "a", "b", "c");
    const both = Buffer.concat([first, textBatch(13, "d", "e")]);
    expect(textsOf((await readAll(both, 11)).records)).toEqual(["b", "c", "d", "e"]);
    expect(textsOf((await readAll(both, 14)).records)).toEqual(["e"]);
    for (let length = first.length; length < both.length; length++) {
      expect(await readAll(both.subarray(0, length), 11)).toMatchObject({ next: 13, records: [{}, {}] });
    }
  });

  // A compacted batch keeps its range when all its records are gone; whoever waits for one of them would wait for ever.
  test("goes on behind a batch of which nothing is left", async () => {
    const empty = changed(textBatch(20, "a"), (batch) => {
      batch.writeInt32BE(9, 23);
      batch.writeInt32BE(0, 57);
      return batch.subarray(0, 61);
    });
    expect(await readAll(empty, 20)).toMatchObject({ records: [], next: 30 });
  });

  test("passes over what marks the end of a transaction", async () => {
    const control = changed(textBatch(5, "mark"), (batch) => void batch.writeInt16BE(32, 21));
    expect(await readAll(control, 5)).toMatchObject({ records: [], next: 6 });
  });

  // The broker writes one time for the whole batch, in the place of the newest.
  test("has the broker's time where the topic keeps it", async () => {
    const stamped = changed(textBatch(0, "a"), (batch) => {
      batch.writeInt16BE(8, 21);
      batch.writeBigInt64BE(BigInt(NOW + 5), 35);
      return undefined;
    });
    expect((await readAll(stamped)).records).toMatchObject([{ timestamp: NOW + 5 }]);
  });

  test("has headers of any name, and no prototype to lose", async () => {
    const odd = { ...textRecord("a"), headers: { ["__proto__"]: "x", constructor: "y" } };
    expect((await readAll(batchAt(0, [odd]))).records[0]?.headers["constructor"]).toBe("y");
  });
});

// Whatever bytes come, looking for batches ends, and never goes back.
test("any bytes are batches of some sort", () => {
  const flips = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 });
  const sound = Buffer.concat([textBatch(7, "a", "b"), textBatch(9, "c")]);
  fc.assert(
    fc.property(flips, fc.nat(sound.length), (changes, length) => {
      const bytesNow = Buffer.from(sound.subarray(0, length));
      for (const [at, byte] of changes) if (at < length) bytesNow[at] = byte;
      for (const { from, next } of findBatches(bytesNow, 7)) {
        expect(from).toBeGreaterThanOrEqual(7);
        expect(next).toBeGreaterThan(from);
      }
    }),
  );
});

test("a reader of the log sees no difference between an empty value and none, and always a time", () => {
  const found = { offset: 4, timestamp: UNKNOWN_TIME, key: null, headers: {}, value: null };
  expect(toLogRecord(found, NOW)).toEqual({ offset: 4, timestamp: NOW, headers: {}, value: Buffer.of() });
  expect(toLogRecord({ ...found, timestamp: 7 }, NOW).timestamp).toBe(7);
});
