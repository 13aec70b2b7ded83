import fc from "fast-check";
import { expect, test } from "vitest";
import { WireReader, WireWriter } from "./wire.ts";

const safe = fc.maxSafeInteger();
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

test("what was written is read again, whatever the writer began with", () => {
  const values = fc.record({
    capacity: fc.nat(64),
    int8: fc.integer({ min: -128, max: 127 }),
    int16: fc.integer({ min: -32768, max: 32767 }),
    int32,
    int64: safe,
    text: fc.option(fc.string({ unit: "grapheme" })),
    varint: int32,
    bytes: fc.option(fc.uint8Array()),
  });
  fc.assert(
    fc.property(values, (all) => {
      const writer = new WireWriter(all.capacity);
      writer.int8(all.int8).int16(all.int16).int32(all.int32).int64(all.int64).string(all.text);
      writer.varint(all.varint).varbytes(all.bytes).sized(Buffer.from("end")).raw(Buffer.of(7));
      expect(writer.bytes.length).toBe(writer.length);
      const reader = new WireReader(writer.bytes);
      expect(reader.int8()).toBe(all.int8);
      expect(reader.int16()).toBe(all.int16);
      expect(reader.int32()).toBe(all.int32);
      expect(reader.int64()).toBe(all.int64);
      expect(reader.string()).toBe(all.text);
      expect(reader.varint()).toBe(all.varint);
      expect(reader.varbytes()).toEqual(all.bytes === null ? null : Buffer.from(all.bytes));
      expect(reader.raw(reader.int32()).toString()).toBe("end");
      expect(reader.left).toBe(1);
      expect(reader.int8()).toBe(7);
      expect(reader.at).toBe(writer.length);
    }),
  );
});

// The examples of the protocol buffers documentation, whose zigzag Kafka uses.
test("varints are zigzag, the longest first", () => {
  const bytes = (value: number) => [...new WireWriter().varint(value).bytes];
  expect([0, -1, 1, -2].map(bytes)).toEqual([[0], [1], [2], [3]]);
  expect(bytes(150)).toEqual([0xac, 0x02]);
  expect(bytes(2 ** 31 - 1)).toEqual([0xfe, 0xff, 0xff, 0xff, 0x0f]);
  // A varint of more than 32 bits, as times are: 2^40 twice.
  expect(new WireReader(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x40])).varint()).toBe(2 ** 40);
});

test("arrays, of which none is counted −1", () => {
  const reader = new WireReader(new WireWriter().int32(2).int8(1).int8(2).int32(-1).bytes);
  expect(reader.array(() => reader.int8())).toEqual([1, 2]);
  expect(reader.array(() => reader.int8())).toEqual([]);
});

test("a length that is known only later is written over its place", () => {
  const writer = new WireWriter(2).int32(0).string("abc");
  expect(new WireReader(writer.patchUint32(0, 0xffffffff).bytes).int32()).toBe(-1);
});

test.each(["int8", "int16", "int32", "int64", "string", "varint"] as const)("%s beyond the end is corrupt", (what) => {
  expect(() => new WireReader(Buffer.of())[what]()).toThrow(/ends at byte 0/);
  expect(() => new WireReader(Buffer.of(0x7f, 0xff))[what === "int8" ? "raw" : "string"](3 as never)).toThrow(/ends/);
});

test("long bytes stay where they are, and what stands before them can still be overwritten", () => {
  const long = Buffer.alloc(5000, 7);
  const writer = new WireWriter(8).int32(0).int8(1).raw(long).int8(2).raw(long).raw(Buffer.from("tail"));
  writer.patchUint32(0, writer.length);
  const whole = Buffer.concat([Buffer.from([0, 0, 0x27, 0x1a, 1]), long, Buffer.of(2), long, Buffer.from("tail")]);
  expect(writer.length).toBe(whole.length);
  expect(writer.bytes).toEqual(whole);
  expect(writer.chunks().filter((chunk) => chunk === long)).toHaveLength(2);
  expect(Buffer.concat(writer.chunks(4))).toEqual(whole.subarray(4));
});

test("nothing and little are one piece", () => {
  expect(new WireWriter().chunks()).toEqual([Buffer.of()]);
  expect(new WireWriter().int8(1).int8(2).chunks()).toEqual([Buffer.of(1, 2)]);
});
