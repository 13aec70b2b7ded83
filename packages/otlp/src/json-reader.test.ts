import fc from "fast-check";
import { expect, test } from "vitest";
import { Byte, JSON_DEPTH, JsonReader } from "./json-reader.ts";
import { KeyTable, quoted } from "./key-table.ts";
import { Writer } from "./writer.ts";

const reader = (text: string) => new JsonReader(Buffer.from(text, "utf8"));

test("skips exactly one value of any kind", () => {
  for (const text of [
    '{"a":[1,{"b":"\\""}],"c":null}',
    "[]",
    '"\\\\"',
    "-1.5E+7",
    "true",
    "false",
    "null",
    " \t\r\n{}",
  ]) {
    const json = reader(`${text} `);
    json.skip();
    json.end();
  }
});

test.each([
  "1.",
  "-",
  "+1",
  "01",
  ".5",
  "1e",
  "0x1",
  "--1",
  "NaN",
  "tru",
  "nulls",
  '"',
  '"\\"',
  "{1:2}",
  "[1 2]",
  "[,]",
  '{"a" 1}',
])("refuses %s", (text) => {
  expect(() => {
    const json = reader(text);
    json.skip();
    json.end();
  }).toThrow(/at byte \d+$/);
});

test("numbers keep their digits", () => {
  expect(reader(" 12345678901234567890.10e-2,").number()).toBe("12345678901234567890.10e-2");
});

test("nesting is bounded", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  reader(nested(JSON_DEPTH)).skip();
  expect(() => reader(nested(JSON_DEPTH + 1)).skip()).toThrow(`JSON nested deeper than ${JSON_DEPTH}`);
});

test("strings come out as the platform's parser has them", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff))), fc.boolean(), (units, ascii) => {
      const value = String.fromCharCode(...units);
      let text = JSON.stringify(value);
      if (ascii) text = text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
      const expected = Buffer.from(JSON.parse(text));
      expect(reader(`  ${text}`).string()).toBe(expected.toString());
      const json = reader(`\t${text}`);
      const out = new Writer(1).varint(9);
      expect(json.copyString(out)).toBe(expected.length);
      expect(expected.equals(out.finish().subarray(1))).toBe(true);
      expect(json.rest).toBe(0);
    }),
  );
});

test("lists are read one by one", () => {
  const json = reader('[ 1 ,"2",[] ]');
  const seen: number[] = [];
  expect(json.enter(Byte.bracket)).toBe(true);
  do {
    seen.push(json.peek());
    json.skip();
  } while (json.more(Byte.bracketEnd));
  json.end();
  expect(seen).toEqual([0x31, Byte.quote, Byte.bracket]);
  expect(reader(" { } ").enter(Byte.brace)).toBe(false);
});

test("keys are found however they are spelled", () => {
  const entry = { quoted: quoted("name") };
  const table = new KeyTable([entry]);
  for (const text of ['"name":1', ' "name" : 1', '"n\\u0061me":1']) {
    const json = reader(text);
    expect(json.keyIn(table)).toBe(entry);
    json.skip();
    json.end();
  }
  expect(reader('"nam\\u0065s":1').keyIn(table)).toBeUndefined();
  expect(reader('"names":1').keyIs(entry.quoted)).toBe(false);
  expect(reader('"name" :1').keyIs(entry.quoted)).toBe(true);
  expect(() => reader('"name"').keyIs(entry.quoted)).not.toThrow();
  expect(() => reader('"name" 1').keyIs(entry.quoted)).toThrow('":" was expected');
});

test("integers of up to twenty digits are read at once, other spellings are left", () => {
  const read = (text: string) => {
    const json = reader(text);
    const found = json.integer();
    return found ? `${json.decimal.negative ? "-" : ""}${json.decimal.high}:${json.decimal.low}@${json.pos}` : json.pos;
  };
  expect(read("17,")).toBe("0:17@2");
  expect(read('"-17"')).toBe("-0:17@5");
  expect(read('"007"')).toBe("0:7@5");
  expect(read("18446744073709551615")).toBe("4294967295:4294967295@20");
  for (const text of ["007", "1.5", "1e3", '"1x"', '"1', "x", "18446744073709551616", '""', "-"])
    expect(read(text)).toBe(0);
});

test("decimal fractions are exact, other numbers are left", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(999_999), fc.nat(6), (whole, fraction, digits) => {
      const text = `${whole}${digits === 0 ? "" : `.${String(fraction).padStart(digits, "0")}`}`;
      expect(reader(text).decimalFraction()).toBe(Number(text));
    }),
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = value.toFixed(20);
      if (!text.includes("e")) expect(reader(text).decimalFraction()).toBe(Number(text));
    }),
  );
  expect(reader("-0").decimalFraction()).toBe(-0);
  expect(reader("-1234567890.1234567").decimalFraction()).toBe(-1234567890.1234567);
  expect(reader("9".repeat(308)).decimalFraction()).toBe(1e308);
  expect(reader("9".repeat(309)).decimalFraction()).toBeUndefined();
  for (const text of ["1e5", "01", "1.", ".5", "-", '"1"', "1.2.3", "NaN"])
    expect(reader(text).decimalFraction()).toBeUndefined();
});
