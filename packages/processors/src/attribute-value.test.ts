import type { Place } from "@rondo/core";
import { anyValue, VALUE_DEPTH } from "@rondo/otlp";
import { expect, test } from "vitest";
import { attributeValue } from "./attribute-value.ts";

function read(raw: unknown) {
  const problems: string[] = [];
  const at = (path: string): Place => ({
    path,
    problem: (message) => void problems.push(`${path}: ${message}`),
    warn() {},
    at: (key) => at(`${path}::${key}`),
  });
  return { value: attributeValue("A value.").read(raw, at("value")), problems };
}

test.each([
  ["text"],
  [""],
  [12],
  [-0.5],
  [true],
  [9_223_372_036_854_775_807n],
  [[1, "a", [false]]],
  [new Map([["a", new Map([["b", 1]])]])],
])("%s becomes its AnyValue", (raw) => {
  expect(read(raw)).toEqual({ value: anyValue(raw), problems: [] });
});

test("maps may be objects, and inner nothing is the empty value", () => {
  expect(read({ a: [1, null] })).toEqual({ value: anyValue(new Map([["a", [1, null]]])), problems: [] });
  expect(read(JSON.parse('{"__proto__": 1}')).value).toEqual(anyValue(new Map([["__proto__", 1]])));
});

test.each([
  [2 ** 63, "value: is beyond 2^53"],
  [{ deep: [0, 2 ** 60] }, "value::deep::1: is beyond 2^53"],
  [2n ** 63n, "value: is beyond a 64-bit integer"],
  [() => 1, "value: must be text, a number"],
])("what cannot be an attribute is a problem at its place: %s", (raw, problem) => {
  const { value, problems } = read(raw);
  expect(value).toBeUndefined();
  expect(problems).toEqual([expect.stringContaining(problem)]);
});

test("nesting is bounded", () => {
  let raw: unknown = 1;
  for (let depth = 0; depth <= VALUE_DEPTH; depth++) raw = [raw];
  expect(read(raw).problems).toEqual([expect.stringContaining(`nests deeper than ${VALUE_DEPTH}`)]);
});
