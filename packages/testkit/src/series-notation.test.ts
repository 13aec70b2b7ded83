import { labelsOf } from "@rondo/promql";
import { expect, test } from "vitest";
import { parseHistogramNotation } from "./histogram-notation.ts";
import { MAX_REPEATS, parseMetric, parseNumber, parseSeries, parseValues, renamed } from "./series-notation.ts";

test("a value stands for a step; repetitions come on top of the first", () => {
  expect(parseValues("1 _ 2x2 0+10x3 5-1x2 _x2 stale")).toEqual([
    1,
    undefined,
    2,
    2,
    2,
    0,
    10,
    20,
    30,
    5,
    4,
    3,
    undefined,
    undefined,
    "stale",
  ]);
  expect(parseValues("-1e3 +Inf NaN .5 -0.5+0.5x1")).toEqual([-1000, Infinity, NaN, 0.5, -0.5, 0]);
  expect(parseValues("")).toEqual([]);
});

test("histograms stand between double braces and may grow", () => {
  const values = parseValues(
    "{{schema:1 sum:2 count:3 buckets:[1 2]}} {{count:1}}+{{count:2 sum:1}}x2 {{}}-{{count:1}}x1",
  );
  expect(values.map((value) => (typeof value === "object" ? value.count : value))).toEqual([3, 1, 3, 5, 0, -1]);
});

test("metrics have a name, labels or both", () => {
  expect(parseSeries("up 1").labels).toEqual(labelsOf({ __name__: "up" }));
  expect(parseSeries('up{job="a b",x="}"} 1')).toEqual({
    labels: labelsOf({ __name__: "up", job: "a b", x: "}" }),
    values: [1],
  });
  expect(parseSeries('{"a.b", x="\\"",} 1').labels).toEqual(labelsOf({ __name__: "a.b", x: '"' }));
  expect(parseSeries("{} 1").labels).toEqual([]);
  expect(parseMetric("up{}")).toEqual(labelsOf({ __name__: "up" }));
  expect(renamed(labelsOf({ __name__: "a", x: "1" }), "b")).toEqual(labelsOf({ __name__: "b", x: "1" }));
});

test("what is malformed is quoted", () => {
  expect(() => parseValues("1 two")).toThrow('"two" is no value');
  expect(() => parseValues("{{count:1")).toThrow("is no");
  expect(() => parseSeries("1 2")).toThrow('no metric at the start of "1 2"');
  expect(() => parseSeries('up{a="b" 1')).toThrow("no closing brace");
  expect(() => parseValues(`1x${MAX_REPEATS + 1}`)).toThrow("repetitions are more than");
  expect(() => parseHistogramNotation("buckles:[1]")).toThrow("a histogram has no field buckles");
  expect(() => parseHistogramNotation("counter_reset_hint:maybe")).toThrow("not maybe");
  expect(() => parseValues("{{}}+{{schema:-53 custom_values:[1]}}x1")).toThrow("cannot be added");
  expect(["inf", "-Inf", "nan", "1e3"].map(parseNumber)).toEqual([Infinity, -Infinity, NaN, 1000]);
});
