import { expect, test } from "vitest";
import { FUNCTIONS, functionNamed } from "./function-table.ts";
import { argument } from "./function-type.ts";
import { UNBUILT_FUNCTIONS } from "./unbuilt.ts";

test("names are unique, and every entry has words and types", () => {
  expect(new Set(FUNCTIONS.map(({ name }) => name)).size).toBe(FUNCTIONS.length);
  for (const one of FUNCTIONS) {
    expect(one.doc, one.name).toMatch(/^[A-Zπ0-9].*\.$/);
    expect(functionNamed(one.name)).toBe(one);
    if (one.variadic !== undefined) expect(one.args.length, one.name).toBeGreaterThan(0);
  }
  expect(functionNamed("nope")).toBeUndefined();
});

test("a function over ranges has one range, a scalar one only scalars", () => {
  for (const { name, args, run, result } of FUNCTIONS) {
    if (run.kind === "window")
      expect(
        args.filter((type) => type === "matrix"),
        name,
      ).toHaveLength(1);
    if (run.kind === "scalar")
      expect(
        [...args, result].every((type) => type === "scalar"),
        name,
      ).toBe(true);
  }
});

test("what is not built is known all the same", () => {
  expect(UNBUILT_FUNCTIONS.map(({ name }) => name)).toEqual(["start_timestamp"]);
  expect(FUNCTIONS.length).toBeGreaterThanOrEqual(85);
});

test("an argument that is not there is a bug", () => {
  const span = { start: 0, end: 0, line: 1, column: 1 };
  expect(() => argument({ kind: "call", type: "vector", name: "x", args: [], span }, 0)).toThrow("x has no argument 0");
});
