import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { evaluateBinary } from "./evaluate-binary.ts";
import { Frame } from "./frame.ts";
import { labelsOf } from "./labels.ts";
import { matchVectors } from "./match-vectors.ts";
import { Notes } from "./notes.ts";
import { changesMeaning, elementOperation, operateNumbers } from "./operators.ts";
import { parseExpr } from "./parse-expr.ts";
import { combineSets } from "./set-operators.ts";
import { matchingLabels, signaturesOf } from "./signatures.ts";

test("arithmetic as in Go", () => {
  expect(operateNumbers("%", -5, 3)).toBe(-2);
  expect(operateNumbers("^", 1, NaN)).toBe(1);
  expect(operateNumbers("^", -1, Infinity)).toBe(1);
  expect(operateNumbers("/", 1, 0)).toBe(Infinity);
  expect(operateNumbers("atan2", 1, 1)).toBeCloseTo(Math.PI / 4, 12);
  expect(operateNumbers("==", NaN, NaN)).toBe(0);
  expect(operateNumbers("!=", NaN, NaN)).toBe(1);
  expect(() => operateNumbers("and", 1, 1)).toThrow("not for numbers");
  expect(["+", "==", "and", "</"].map((op) => changesMeaning(op as "+"))).toEqual([true, false, false, false]);
});

test("what does not go together is noted at the operator's place", () => {
  const expr = parseExpr("  a </ b");
  if (expr.kind !== "binary") throw new Error("not binary");
  const notes = new Notes();
  expect(elementOperation(expr, notes)(1, 2)).toBeUndefined();
  expect(notes.infos).toEqual([
    'PromQL info: incompatible sample types encountered for binary operator "</": float </ float (1:3)',
  ]);
});

test("series match by all labels, by some, or by all but some", async () => {
  const script = `
load 1m
  a{x="1",y="1"} 1
  a{x="2",y="1"} 2
  b{x="1",y="1"} 10
  b{x="2",y="2"} 20
  c{y="1",z="q"} 100

eval instant at 0 a + b
  {x="1",y="1"} 11

eval instant at 0 a + on (x) b
  {x="1"} 11
  {x="2"} 22

eval instant at 0 a + ignoring (y) b
  {x="1"} 11
  {x="2"} 22

eval instant at 0 a * on (y) group_left (z) c
  {x="1",y="1",z="q"} 100
  {x="2",y="1",z="q"} 200

eval instant at 0 c * on (y) group_right (z) a
  {x="1",y="1",z="q"} 100
  {x="2",y="1",z="q"} 200

eval instant at 0 c > on (y) group_right a
  a{x="1",y="1"} 100
  a{x="2",y="1"} 100

eval instant at 0 a + on () c
  expect fail msg: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)

eval instant at 0 c + on (y) group_left a
  expect fail regex: found duplicate series for the match group \\{y="1"\\} on the right hand-side .*many-to-many matching not allowed

eval instant at 0 a + on (y) group_left (x) c
  expect fail msg: multiple matches for labels: grouping labels must ensure unique matches

eval instant at 0 a + fill (0) b
  {x="1",y="1"} 11
  {x="2",y="1"} 2
  {x="2",y="2"} 20
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("comparisons filter and keep the name, or answer 0 and 1 without it", async () => {
  const script = `
load 1m
  a{x="1"} 1 5
  a{x="2"} 2 2
  b{x="1"} 3 3
  b{x="2"} 1 1

eval range from 0 to 1m step 1m a > b
  a{x="1"} _ 5
  a{x="2"} 2 2

eval range from 0 to 1m step 1m a > bool b
  {x="1"} 0 1
  {x="2"} 1 1

eval instant at 0 2 > a
  a{x="1"} 1

eval instant at 0 2 > bool a
  {x="1"} 1
  {x="2"} 0

eval instant at 0 rate(a[5m]) < on (x) b

eval instant at 1m abs(a) >= on (x) abs(b)
  {x="1"} 5
  {x="2"} 2

eval instant at 0 1 > bool 2
  0
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("sets look at labels alone, step by step", async () => {
  const script = `
load 1m
  a{x="1"} 1 _
  a{x="2"} 2 2
  b{x="1"} 5 5
  b{x="3"} 7 7

eval range from 0 to 6m step 6m a and b

eval instant at 0 a and b
  a{x="1"} 1

eval instant at 0 a unless b
  a{x="2"} 2

eval instant at 0 a or b
  a{x="1"} 1
  a{x="2"} 2
  b{x="3"} 7

eval instant at 0 a or on () b
  a{x="1"} 1
  a{x="2"} 2

eval instant at 0 a and on () vector(1)
  a{x="1"} 1
  a{x="2"} 2

eval instant at 0 abs(a) or abs(b)
  {x="1"} 1
  {x="2"} 2
  {x="3"} 7
`;
  expect(await problemsOf(script)).toEqual([expect.stringContaining("a and b: ")]);
});

test("histograms take part where it makes sense", async () => {
  const script = `
load 1m
  h{k="a"} {{schema:0 sum:4 count:4 buckets:[1 2 1]}}
  g{k="a"} {{schema:0 sum:1 count:1 buckets:[1]}}
  c{k="a"} {{schema:-53 sum:1 count:1 custom_values:[1] buckets:[1]}}

eval instant at 0 h - on (k) g
  {k="a"} {{schema:0 sum:3 count:3 buckets:[0 2 1] counter_reset_hint:gauge}}

eval instant at 0 2 * h / 4
  {k="a"} {{schema:0 sum:2 count:2 buckets:[0.5 1 0.5]}}

eval instant at 0 h == h
  h{k="a"} {{schema:0 sum:4 count:4 buckets:[1 2 1]}}

eval instant at 0 h > 1
  expect info msg: PromQL info: incompatible sample types encountered for binary operator ">": histogram > float (1:1)

eval instant at 0 h + on (k) c
  expect warn msg: PromQL warning: incompatible bucket layout encountered for binary operator + (1:1)

eval instant at 0 h </ 2
  h{k="a"} {{schema:0 sum:3.5355339059327378 count:3 buckets:[1 2]}}
`;
  expect(await problemsOf(script)).toEqual([]);
  for (const part of [evaluateBinary, matchVectors, combineSets]) expect(part).toBeTypeOf("function");
});

test("signatures number the groups of both sides", () => {
  const frame = (...labels: readonly Readonly<Record<string, string>>[]) => {
    const made = new Frame(1, labels.length);
    for (const one of labels) made.addRow(labelsOf(one), false);
    return made;
  };
  const matching = { cardinality: "one-to-one", on: false, labels: ["y"], include: [] } as const;
  const left = frame({ __name__: "a", x: "1", y: "1" }, { x: "2" });
  const right = frame({ __name__: "b", x: "2", y: "9" }, { x: "3" });
  const { left: a, right: b, count } = signaturesOf(matching, left, right);
  expect([[...a], [...b], count]).toEqual([[0, 1], [1, 2], 3]);
  expect(matchingLabels({ ...matching, on: true })(labelsOf({ x: "1", y: "2" }))).toEqual([["y", "2"]]);
});
