import { expect, test } from "vitest";
import { joinParts } from "./join-parts.ts";
import type { FamilyPart } from "./page-part.ts";

const family = (name: string, ...rows: readonly (readonly [series: string, value: number, time?: number])[]) =>
  ({
    name,
    head: [`# TYPE ${name} gauge`],
    rows: rows.map(([series, value, time = 0]) => ({ series, rest: String(value), time })),
  }) satisfies FamilyPart;

test("a family of several parts has one head, and the series of all", () => {
  const one = [family("a", ['a{i="1"}', 1]), family("c", ["c", 3])];
  const other = [family("a", ['a{i="2"}', 2]), family("b", ["b", 4])];
  const lines = ["# TYPE a gauge", 'a{i="1"} 1', 'a{i="2"} 2', "# TYPE b gauge", "b 4", "# TYPE c gauge", "c 3", ""];
  expect(joinParts([one, other], "text")).toBe(lines.join("\n"));
});

test("OpenMetrics ends once, also where nobody holds anything", () => {
  const part = [family("a", ["a", 1])];
  expect(joinParts([part, [], part], "openmetrics")).toBe("# TYPE a gauge\na 1\n# EOF\n");
  expect(joinParts([[], []], "openmetrics")).toBe("# EOF\n");
  expect(joinParts([], "text")).toBe("");
});

test("of a series that two hold, the newest value stands where the series first stood", () => {
  const left = [family("a", ['a{i="1"}', 1, 10], ['a{i="2"}', 1, 30], ['a{i="3"}', 1, 10])];
  const owner = [family("a", ['a{i="1"}', 2, 20], ['a{i="2"}', 2, 20])];
  const rows = 'a{i="1"} 2\na{i="2"} 1\na{i="3"} 1\n';
  expect(joinParts([left, owner], "text")).toBe(`# TYPE a gauge\n${rows}`);
  expect(joinParts([owner, left], "text")).toBe(`# TYPE a gauge\n${rows}`);
});

test("where heads differ the first is taken", () => {
  const other = { ...family("a", ["a", 2, 1]), head: ["# TYPE a counter"] };
  expect(joinParts([[family("a", ["a", 1, 0])], [other]], "text")).toBe("# TYPE a gauge\na 2\n");
});
