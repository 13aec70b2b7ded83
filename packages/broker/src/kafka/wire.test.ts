import fc from "fast-check";
import { expect, test } from "vitest";
import { WireReader, WireWriter } from "./wire.ts";

test("what is written is read", () => {
  const writer = new WireWriter(4)
    .int8(-2)
    .int16(-300)
    .int32(70_000)
    .int64(2 ** 40 + 5)
    .string("größe")
    .string(null);
  writer.varbytes(Buffer.from("key")).varbytes(null).sized(Buffer.from("end"));
  const reader = new WireReader(writer.bytes);
  expect([reader.int8(), reader.int16(), reader.int32(), reader.int64()]).toEqual([-2, -300, 70_000, 2 ** 40 + 5]);
  expect([reader.string(), reader.string()]).toEqual(["größe", null]);
  expect([reader.varbytes()?.toString(), reader.varbytes()]).toEqual(["key", null]);
  expect(reader.raw(reader.int32()).toString()).toBe("end");
  expect(reader.left).toBe(0);
  expect(() => reader.int8()).toThrow(/in the middle of a value/);
});

test("a varint keeps every 32-bit integer", () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      expect(new WireReader(new WireWriter().varint(value).bytes).varint()).toBe(value);
    }),
  );
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
