import { expect, test } from "vitest";
import { display, isTrue, typeOf, type Value } from "./value.ts";

const labels = (...entries: readonly [string, string][]): Value => ({ kind: "labels", entries: new Map(entries) });

test.each<[Value, string, string, boolean]>([
  ["", "string", "", false],
  ["a", "string", "a", true],
  [0, "float64", "0", false],
  [1.5, "float64", "1.5", true],
  [Number.NaN, "float64", "NaN", true],
  [0n, "int", "0", false],
  [-7n, "int", "-7", true],
  [false, "bool", "false", false],
  [null, "nil", "<no value>", false],
  [labels(), "map[string]string", "map[]", false],
  [labels(["b", "2"], ["a", "1"]), "map[string]string", "map[a:1 b:2]", true],
  [{ kind: "map", entries: new Map<string, Value>([["x", null]]) }, "map[string]interface {}", "map[x:<nil>]", true],
  [{ kind: "record", fields: new Map<string, Value>([["A", 1n]]) }, "struct", "{1}", true],
  [{ kind: "time", seconds: 1_577_836_800.5 }, "time.Time", "2020-01-01 00:00:00.5 +0000 UTC", true],
  [{ kind: "time", seconds: -1 }, "time.Time", "1969-12-31 23:59:59 +0000 UTC", true],
  [{ kind: "time", seconds: 1e300 }, "time.Time", "1e+300", true],
])("%s is a %s, prints %s and is true: %s", (value, type, text, truth) => {
  expect([typeOf(value), display(value), isTrue(value)]).toEqual([type, text, truth]);
});

test.each([
  [0, "0s"],
  [5_400.25, "1h30m0.25s"],
  [59.5, "59.5s"],
  [0.0015, "1.5ms"],
  [1e-6, "1µs"],
  [-90, "-1m30s"],
  [5e-324, "0s"],
  [3e-9, "3ns"],
  // Go's conversion overflows to the least duration.
  [1e100, "-2562047h47m16.854775808s"],
])("a duration of %d s", (seconds, text) => {
  expect(display({ kind: "duration", seconds })).toBe(text);
});
