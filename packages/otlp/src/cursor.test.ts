import { expect, test } from "vitest";
import { Cursor, Wire } from "./cursor.ts";
import { WireError } from "./wire-error.ts";
import { Writer } from "./writer.ts";

const over = (hex: string) => new Cursor(Buffer.from(hex, "hex"));

test("walks fields of every wire type and enters messages", () => {
  const field = over("08ac02" + "120568656c6c6f" + "1d01000000" + "210000000000000440" + "2a020805");
  expect(field.next() && [field.field, field.wire, field.number()]).toEqual([1, Wire.varint, 300]);
  expect(field.next() && field.text()).toBe("hello");
  expect(field.next() && field.fixed32()).toBe(1);
  expect(field.next() && field.double()).toBe(2.5);
  expect(field.next()).toBe(true);
  const inner = new Cursor(field.bytes).enter(field);
  expect(inner.next() && inner.number()).toBe(5);
  expect(inner.next()).toBe(false);
  expect(field.next()).toBe(false);
});

test.each([
  ["field number 0", "00"],
  ["tag out of range", "8080808080808001"],
  ["tag out of range", "92808080800000"],
  ["length out of range", "1281808080800041"],
  ["message ends before a length", "12"],
  ["length 5 runs past the end of its message", "1205ff"],
  ["length out of range", "12ffffffffff01"],
  ["varint runs past the end of its message", "08ff"],
  ["varint of more than 64 bits", "08ffffffffffffffffff02"],
  ["varint of more than 64 bits", "08ffffffffffffffffffff01"],
  ["fixed value runs past the end of its message", "0d000000"],
  ["group", "0b0c"],
  ["wire type 6", "0e"],
])("refuses %s", (problem, hex) => {
  expect(() => over(hex).next()).toThrow(WireError);
  expect(() => over(hex).next()).toThrow(problem);
});

test("takes lengths and varints that are longer than they need to be", () => {
  const field = over("1281808000" + "41" + "0880808000");
  expect(field.next() && field.text()).toBe("A");
  expect(field.next() && field.number()).toBe(0);
});

test("elements of a packed list have no tags", () => {
  const list = over("ac0205");
  expect(list.element(0, Wire.varint).number()).toBe(300);
  expect(list.element(list.stop, Wire.varint).number()).toBe(5);
  expect(() => list.element(0, Wire.fixed64)).toThrow("packed numbers end within a number");
});

test("nanoseconds become milliseconds exactly, and integers the nearest double", () => {
  const at = (value: bigint) => {
    const bytes = Buffer.alloc(9, 9);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 1);
    const field = new Cursor(bytes);
    field.next();
    return field;
  };
  for (const value of [
    0n,
    999_999n,
    1_000_000n,
    1_795_447_887_999_999_999n,
    1_795_447_888_000_000_000n,
    2n ** 64n - 1n,
  ])
    expect(at(value).fixed64Millis()).toBe(Number(value / 1_000_000n));
  for (const value of [0n, -1n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n])
    expect(at(value).sfixed64Number()).toBe(Number(value));
});

test("a run of fields is what next() would have gone over, as far as it reaches", () => {
  const item = (length: number) => new Writer().bytes(2, new Uint8Array(length)).finish();
  const body = Buffer.concat([
    item(0),
    item(127),
    item(128),
    item(16_383),
    new Writer().text(3, "x").finish(),
    item(1),
  ]);
  const field = new Cursor(body);
  expect(field.skipRun(2)).toBe(4);
  expect(field.skipRun(2)).toBe(0);
  expect(field.next() && field.is(3, Wire.bytes)).toBe(true);
  expect(field.skipRun(2)).toBe(1);
  expect(field.next()).toBe(false);
  // Longer fields and broken ones are for next(): both stay ahead.
  const long = new Cursor(item(16_384));
  expect(long.skipRun(2)).toBe(0);
  expect(long.next() && long.stop).toBe(16_388);
  for (const broken of [[0x12], [0x12, 0x80], [0x12, 2, 0], [0x12, 0x80, 0x80, 0x01]]) {
    const cursor = new Cursor(Uint8Array.from(broken));
    expect(cursor.skipRun(2)).toBe(0);
    expect(() => cursor.next()).toThrow(WireError);
  }
});
