import { gzipSync, zstdCompressSync } from "node:zlib";
import { Fault } from "@rondo/core";
import { describe, expect, test } from "vitest";
import { batchAt, changed, compressed, readAll, textBatch, textRecord, textsOf } from "./batch.cases.ts";
import { CODECS, type Compression } from "./codecs/table.ts";
import { pack } from "./pack.ts";
import { MAX_INFLATED_BYTES, readBatches } from "./read-batches.ts";

const NAMES = Object.keys(CODECS) as readonly Exclude<Compression, "none">[]; // Its type is made of these keys.
const turn = async () => undefined;
const long = textRecord("round ".repeat(1_000));

/** A batch as the appender writes it. */
const packed = async (base: number, name: Compression, count = 1) => {
  const records = Array.from({ length: count }, () => long);
  return batchAt(base, records, 1, await pack(records, name, turn));
};

test.each(NAMES)("what was written with %s is read, beside batches that are not compressed", async (name) => {
  const inside = await packed(11, name);
  expect(inside.length).toBeLessThan(1_000);
  const read = await readAll(Buffer.concat([textBatch(10, "a"), inside, textBatch(12, "b")]), 10);
  expect(textsOf(read.records)).toEqual(["a", "round ".repeat(1_000), "b"]);
  expect(read.next).toBe(13);
  expect(read.growth).toBeGreaterThan(6);
});

// Else a fetch of a few megabytes could become gigabytes, of which its reader wanted one.
test("batches are inflated up to what was asked for, and at least one", async () => {
  const three = Buffer.concat([await packed(0, "zstd"), await packed(1, "zstd"), await packed(2, "zstd")]);
  expect(await readAll(three, 0, 1)).toMatchObject({ records: [{ offset: 0 }], next: 1 });
  expect(await readAll(three, 1, 6_500)).toMatchObject({ records: [{ offset: 1 }, { offset: 2 }], next: 3 });
  expect(await readAll(three, 0, 6_500)).toMatchObject({ records: [{ offset: 0 }, { offset: 1 }], next: 2 });
});

describe("a batch that cannot be read becomes a record that says so, and what is behind it is read", () => {
  const one = textBatch(20, "a", "b");
  const bomb = Buffer.alloc(MAX_INFLATED_BYTES + 1);
  const cases: readonly (readonly [string, Buffer, string, RegExp])[] = [
    ["an unknown compression", compressed(one, 5, (body) => body), "unsupported", /unknown compression 5/],
    ["bytes that are no gzip", compressed(one, 1, (body) => body), "corrupt", /gzip: incorrect header/],
    ["bytes that are no zstd", compressed(one, 4, (body) => body), "corrupt", /zstd: /],
    ["bytes that are no lz4", compressed(one, 3, (body) => body), "corrupt", /lz4: it is no frame/],
    ["bytes that are no snappy", compressed(one, 2, () => Buffer.alloc(9, 0xff)), "corrupt", /snappy: it declares/],
    ["a bomb of gzip", compressed(one, 1, () => gzipSync(bomb)), "too_large", /33554432 B/],
    ["a bomb of zstd", compressed(one, 4, () => zstdCompressSync(bomb)), "too_large", /33554432 B/],
    ["records that end early", changed(one, (batch) => batch.subarray(0, -1)), "corrupt", /middle of a value/],
    ["an old format", changed(one, (batch) => void batch.writeInt8(1, 16)), "unsupported", /format 1.*before 3\.0/],
  ];

  test.each(cases)("%s", async (_, bad, code, message) => {
    const read = await readAll(Buffer.concat([textBatch(19, "before"), bad, textBatch(22, "after")]), 19);
    const [before, record, after] = read.records;
    expect(textsOf([before, after].flatMap((found) => found ?? []))).toEqual(["before", "after"]);
    expect(record).toMatchObject({ offset: 20, headers: {}, value: bad });
    expect(record?.fault).toBeInstanceOf(Fault);
    expect(record?.fault).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(record?.fault?.message).toMatch(/^what stands at offset 20 of t\/3 cannot be read/);
    expect([read.next, read.damaged]).toEqual([23, undefined]);
  });

  test("of it, what was read before is not handed on again", async () => {
    const bad = compressed(one, 5, (body) => body);
    expect(await readAll(bad, 21)).toMatchObject({ records: [{ offset: 21 }], next: 22 });
  });
});

describe("a damaged batch", () => {
  const damagedAt = (batch: Buffer, at: number) => {
    const copy = Buffer.from(batch);
    copy[at] = (copy[at] ?? 0) ^ 0x10;
    return copy;
  };

  // Its bytes may come whole when they are asked for once more, and what is before it need not wait for that.
  test("is left for the next fetch while something stands before it", async () => {
    const bad = damagedAt(textBatch(20, "a", "b"), 70);
    const all = Buffer.concat([textBatch(19, "before"), bad, textBatch(22, "after")]);
    const read = await readAll(all, 19);
    expect([textsOf(read.records), read.next, read.damaged]).toEqual([["before"], 20, undefined]);
    expect(await readAll(all.subarray(-bad.length - textBatch(22, "after").length), 20)).toMatchObject({
      records: [{ offset: 20, timestamp: -1, value: bad, fault: { code: "corrupt" } }],
      next: 22,
      damaged: true,
    });
  });

  // Every byte that the sum is over, and the sum.
  test("is found wherever the damage is", async () => {
    const batch = textBatch(20, "a", "b");
    for (let at = 17; at < batch.length; at++) {
      const read = await readAll(damagedAt(batch, at), 20);
      expect(read).toMatchObject({ damaged: true, records: [{ offset: 20, fault: { code: "corrupt" } }] });
      expect(read.next).toBeGreaterThan(20);
    }
  });

  // The broker sends a first batch whole: one that does not come whole does not know its length.
  test.each([
    [2 ** 30, 22],
    [30, 22],
    [0, 21],
    [-5, 21],
  ])("of which its own length is %i B ends the answer", async (length, next) => {
    const bad = textBatch(20, "a", "b");
    bad.writeInt32BE(length, 8);
    const read = await readAll(Buffer.concat([bad, textBatch(22, "after")]), 20);
    expect(read).toMatchObject({ damaged: true, records: [{ offset: 20 }], next });
    expect(read.records[0]?.fault?.message).toMatch(/says that it has/);
  });

  // Its own account of its last offset may be what is damaged.
  test("takes nothing of what is behind it along, as far as that has come", async () => {
    const bad = textBatch(20, "a", "b");
    bad.writeInt32BE(1_000_000, 23);
    const read = await readAll(Buffer.concat([bad, textBatch(22, "after")]), 20);
    expect(read).toMatchObject({ damaged: true, records: [{ offset: 20 }], next: 22 });
    expect((await readAll(bad, 20)).next).toBe(1_000_021);
  });

  test("that says nonsense of its offsets is taken for one record", async () => {
    const bad = textBatch(20, "a");
    bad.writeInt32BE(2 ** 30, 23);
    expect(await readAll(bad, 20)).toMatchObject({ damaged: true, next: 21 });
  });
});

// Later there may be memory: the batch itself is sound.
test("a want of memory is not the batch's fault", async () => {
  const bytes = await packed(0, "lz4", 2_000);
  const failing = async () => {
    throw new RangeError("Array buffer allocation failed");
  };
  const reading = readBatches(bytes, { where: "t/0", wanted: 0, inflatedBytes: 1, turn: failing });
  await expect(reading).rejects.toMatchObject({ code: "unavailable" });
});
