import fc from "fast-check";
import { expect, test } from "vitest";
import { Decimal } from "./decimal.ts";
import { JsonWriter } from "./json-writer.ts";
import { quoted } from "./key-table.ts";

const written = (write: (out: JsonWriter) => void, capacity = 1): string => {
  const out = new JsonWriter(capacity);
  write(out);
  return out.finish().toString();
};

test("text is what the platform writes, in a buffer of any size", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0xd7ff))), fc.nat(100), (units, capacity) => {
      const text = String.fromCharCode(...units);
      const bytes = Buffer.from(`x${text}x`);
      expect(written((out) => out.string(bytes, 1, bytes.length - 1), capacity)).toBe(JSON.stringify(text));
    }),
  );
});

test("text that is not UTF-8 is repaired, and nothing before it is lost", () => {
  const bytes = Buffer.from([0x61, 0xff, 0x22, 0xc3]);
  const both = (out: JsonWriter) => {
    out.key(quoted("kk"), false);
    out.string(bytes, 0, bytes.length);
  };
  expect(written(both)).toBe(',"kk":"a\ufffd\\"\ufffd"');
});

test("doubles are what the platform writes, and strings where it has no word", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Object.is(JSON.parse(written((out) => out.double(value))), value)).toBe(true);
    }),
  );
  for (const value of [0, 1e21, 5e-324, 2 ** 53 - 1, 2 ** 53, -7])
    expect(written((out) => out.double(value))).toBe(JSON.stringify(value));
  expect([-0, Number.NaN, Infinity, -Infinity].map((value) => written((out) => out.double(value)))).toEqual([
    "-0",
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
  ]);
});

test("integers, in quotes and not", () => {
  const decimal = new Decimal();
  decimal.set(-(2n ** 63n));
  expect(written((out) => out.integer(decimal, true))).toBe('"-9223372036854775808"');
  expect(written((out) => out.integer(decimal, false))).toBe("-9223372036854775808");
});

test("bytes in hex and base64", () => {
  const bytes = Uint8Array.of(1, 0xfb, 0xff, 2);
  expect(written((out) => out.hex(bytes, 1, 3))).toBe('"fbff"');
  expect(written((out) => out.base64(bytes, 1, 3))).toBe('"+/8="');
});

test("lists within lists have their commas", () => {
  const nested = (out: JsonWriter) => {
    out.openList();
    for (let i = 0; i < 2; i++) {
      out.element();
      out.openList();
      out.closeList();
    }
    out.closeList();
  };
  expect(written(nested)).toBe("[[],[]]");
});
