import fc from "fast-check";
import { expect, test } from "vitest";
import { Cursor } from "./cursor.ts";
import { putVarint, varintSize, Writer } from "./writer.ts";

test("a cursor reads what was written", () => {
  const numbers = fc.nat(2 ** 31 - 1).chain((low) => fc.nat(2 ** 21 - 1).map((high) => high * 2 ** 31 + low));
  fc.assert(
    fc.property(
      numbers,
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double(),
      fc.integer({ min: 1, max: 2 ** 29 - 1 }),
      (n, long, double, field) => {
        const out = new Writer(1)
          .tag(field, 0)
          .varint(n)
          .tag(2, 0)
          .varint64(long)
          .tag(3, 1)
          .fixed64(long)
          .tag(4, 1)
          .double(double)
          .tag(5, 5)
          .fixed32(n % 2 ** 32);
        const cursor = new Cursor(out.finish());
        expect(cursor.next() && cursor.is(field, 0)).toBe(true);
        expect(cursor.number()).toBe(n);
        expect(cursor.stop - cursor.start).toBe(varintSize(n));
        expect(cursor.next() && cursor.int64()).toBe(long);
        expect(cursor.next() && cursor.sfixed64()).toBe(long);
        expect(cursor.fixed64()).toBe(BigInt.asUintN(64, long));
        expect(cursor.fixed64Number()).toBe(Number(BigInt.asUintN(64, long)));
        expect(cursor.next() && cursor.double()).toBe(double);
        expect(cursor.next() && cursor.fixed32()).toBe(n % 2 ** 32);
        expect(cursor.next()).toBe(false);
      },
    ),
  );
});

test.each([0, 1, 127, 128, 16_383, 16_384, 300_000])("a message of %i bytes gets the length it needs", (size) => {
  const out = new Writer();
  const outer = out.open(1);
  const inner = out.open(2);
  out.raw(new Uint8Array(size).fill(7)).close(inner).close(outer);
  const cursor = new Cursor(out.finish());
  cursor.next();
  const nested = new Cursor(cursor.bytes).enter(cursor);
  expect(nested.next()).toBe(true);
  expect(nested.slice()).toEqual(new Uint8Array(size).fill(7));
  expect(nested.stop).toBe(out.length);
});

test("rewinding forgets the end", () => {
  const out = new Writer().text(1, "a");
  const { length } = out;
  expect(out.text(2, "b").rewind(length).finish()).toEqual(new Writer().text(1, "a").finish());
});

test("varints end where they say", () => {
  const out = new Uint8Array(10);
  for (const value of [0, 127, 128, 2 ** 35, 2 ** 53 - 1]) expect(putVarint(out, 0, value)).toBe(varintSize(value));
});

test("halves are written as the whole is", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(63), (wide, shift) => {
      const value = wide >> BigInt(shift);
      const [high, low] = [Number(value >> 32n), Number(value & 0xffffffffn)];
      expect(new Writer().varintHalves(high, low).finish()).toEqual(new Writer().varint64(value).finish());
      expect(new Writer().fixedHalves(high, low).finish()).toEqual(new Writer().fixed64(value).finish());
    }),
  );
});

test.each([0, 127, 128, 20_000])("a guess of how long the length of %i bytes is only saves a move", (size) => {
  const write = (kept: number) => {
    const out = new Writer(4);
    const start = out.open(3, kept);
    return out.raw(new Uint8Array(size).fill(7)).close(start, kept).varint(5).finish();
  };
  for (const kept of [2, 3, 5]) expect(write(kept)).toEqual(write(1));
});

test("what is written into the room is taken over", () => {
  const out = new Writer(1).varint(9);
  const buffer = out.room(3);
  buffer.set([1, 2, 3], out.length);
  expect([...out.moved(out.length + 2).finish()]).toEqual([9, 1, 2]);
});
