import { expect, test } from "vitest";
import { JSON_DEPTH, JsonReader } from "./json-reader.ts";

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
