import fc from "fast-check";
import { expect, test } from "vitest";
import { formatExpr, formatNumber } from "./format-expr.ts";
import { formatLabels } from "./format-labels.ts";
import { labelsOf } from "./labels.ts";
import { parseExpr } from "./parse-expr.ts";

test("what is formatted is formatted already", () => {
  for (const text of [
    "1",
    "-1 ^ 2",
    "5m",
    '"a\\nb"',
    'a{b="c",d!="e",f=~"g.*",h!~"i"}',
    '{"a b","c d"="e"}',
    "a @ 1.500 offset -5m",
    "a @ end()",
    "rate(a[5m] offset 1h)",
    "(a + b) * 2",
    "a / on (x) group_left (y, z) b",
    "a / ignoring (x) group_right () b",
    "a == bool on () b",
    "a + on (x) fill_left (0) fill_right (1) b",
    "a + fill (NaN) b",
    "sum without () (a)",
    "topk by (x) (5, a)",
    "max_over_time(rate(a[5m])[1h:1m] @ start() offset 5m)",
    "a[step() + 5m]",
    "a >/ 5",
    "a atan2 b",
  ])
    expect(formatExpr(parseExpr(text))).toBe(text);
});

test("spaces, quotes and the order of clauses are made one", () => {
  expect(formatExpr(parseExpr("sum( rate( a{ b = 'c' , } [ 300 ] ) )by(x)"))).toBe('sum by (x) (rate(a{b="c"}[5m]))');
  expect(formatExpr(parseExpr("a\n# comment\n+on(x)group_left b"))).toBe("a + on (x) group_left () b");
});

test("numbers are decimal without an exponent", () => {
  expect([1e21, 1.5e-7, -1e300, 0.1, -0, NaN, Infinity, -Infinity].map(formatNumber)).toEqual([
    `1${"0".repeat(21)}`,
    "0.00000015",
    `-1${"0".repeat(300)}`,
    "0.1",
    "-0",
    "NaN",
    "+Inf",
    "-Inf",
  ]);
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(formatNumber(value)).not.toMatch(/e/);
      expect(Number(formatNumber(value))).toBe(value);
    }),
  );
});

test("labels are shown as in messages of Prometheus", () => {
  expect(formatLabels(labelsOf({ b: 'x"y', "a.b": "1" }))).toBe('{"a.b"="1", b="x\\"y"}');
  expect(formatLabels([])).toBe("{}");
});

/** Expressions of every kind that can be nested, in Prometheus's own spelling. */
const { vector } = fc.letrec<{ vector: string; scalar: string }>((tie) => ({
  scalar: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("1", "0.5", "5m", "NaN"),
    tie("scalar").map((one) => `(${one})`),
    tie("vector").map((one) => `scalar(${one})`),
  ),
  vector: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("a", 'b{c="d"}', "rate(a[5m])", "a offset 5m", '{__name__=~"x|y"}'),
    tie("vector").map((one) => `(${one})`),
    tie("vector").map((one) => `-${one}`),
    fc
      .tuple(tie("vector"), fc.constantFrom("+", "*", "==", "> bool", "and", "or on (x)", "^"), tie("vector"))
      .map((parts) => parts.join(" ")),
    fc.tuple(tie("scalar"), fc.constantFrom("-", "/", "<"), tie("vector")).map((parts) => `(${parts.join(" ")})`),
    tie("vector").map((one) => `sum by (x) (${one})`),
    tie("vector").map((one) => `avg_over_time((${one})[1h:5m])`),
    tie("vector").map((one) => `clamp_max(${one}, 5)`),
  ),
}));

test("formatting loses nothing: the text parses to the same text again", () => {
  fc.assert(
    fc.property(vector, (text) => {
      const written = formatExpr(parseExpr(text));
      expect(formatExpr(parseExpr(written))).toBe(written);
    }),
  );
});
