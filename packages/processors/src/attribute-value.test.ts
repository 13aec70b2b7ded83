import type { Place } from "@rondo/core";
import { anyValue, memberOf, VALUE_DEPTH } from "@rondo/otlp";
import { expect, test } from "vitest";
import { attributeValue } from "./attribute-value.ts";

function read(raw: unknown, written?: string) {
  const problems: string[] = [];
  const at = (path: string): Place => ({
    path,
    written,
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

test.each(["1.0", "1e0", "+1.", "0.1e1"])("a whole number that is written %s is a double", (written) => {
  const { value = new Uint8Array() } = read(1, written);
  expect(value[0]).toBe(0x21);
  expect(memberOf(value)?.double()).toBe(1);
});

test.each(["1", "+1", "0x1", "0o1", "1_000"])("a whole number that is written %s is an int", (written) => {
  expect(read(Number.parseInt(written, 10), written).value).toEqual(anyValue(Number.parseInt(written, 10)));
});

test("a hexadecimal E is no exponent, and a double may be large", () => {
  expect(read(0x1e, "0x1E").value).toEqual(anyValue(30));
  expect(memberOf(read(1e20, "1e20").value ?? new Uint8Array())?.double()).toBe(1e20);
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
