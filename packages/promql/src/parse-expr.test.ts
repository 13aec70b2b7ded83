import { expect, test } from "vitest";
import { isComparison, isSetOp } from "./check-types.ts";
import type { Expr } from "./expr.ts";
import { formatExpr } from "./format-expr.ts";
import { readRange } from "./parse-duration.ts";
import { MAX_DEPTH, parseExpr } from "./parse-expr.ts";
import { readGrouping } from "./parse-matching.ts";
import { numberOf } from "./parse-number.ts";
import { readPostfix } from "./parse-postfix.ts";
import { readSelector } from "./parse-selector.ts";
import { PromqlError } from "./promql-error.ts";
import { TokenReader } from "./token-reader.ts";

/** The tree as nested lists, operators first. */
function shape(expr: Expr): unknown {
  switch (expr.kind) {
    case "number":
      return expr.value;
    case "paren":
      return shape(expr.inner);
    case "unary":
      return [expr.op, shape(expr.inner)];
    case "binary":
      return [expr.op, shape(expr.left), shape(expr.right)];
    default:
      return formatExpr(expr);
  }
}

function failure(text: string): string {
  try {
    return formatExpr(parseExpr(text));
  } catch (thrown) {
    if (thrown instanceof PromqlError) return thrown.atPosition;
    throw thrown;
  }
}

test("operators bind as in Prometheus", () => {
  const table: Readonly<Record<string, unknown>> = {
    "1 + 2 * 3": ["+", 1, ["*", 2, 3]],
    "1 - 2 - 3": ["-", ["-", 1, 2], 3],
    "2 ^ 3 ^ 2": ["^", 2, ["^", 3, 2]],
    "-1 ^ 2": ["-", ["^", 1, 2]],
    "-1 * 2": ["*", -1, 2],
    "2 ^ -1 * 3": ["*", ["^", 2, -1], 3],
    "1 * -a + 2": ["+", ["*", 1, ["-", "a"]], 2],
    "a or b and c unless d": ["or", "a", ["unless", ["and", "b", "c"], "d"]],
    "a > b + 1 == c": ["==", [">", "a", ["+", "b", 1]], "c"],
    "1 < bool 2 - 1 * 2": ["<", 1, ["-", 2, ["*", 1, 2]]],
    "a % 2 atan2 b": ["atan2", ["%", "a", 2], "b"],
    "- - - 1": -1,
  };
  for (const [text, wanted] of Object.entries(table)) expect(shape(parseExpr(text)), text).toEqual(wanted);
});

test("numbers and durations stand for each other", () => {
  expect(shape(parseExpr("5m"))).toBe(300);
  expect(shape(parseExpr("0755"))).toBe(493);
  expect(shape(parseExpr("0x1F + 1_000"))).toEqual(["+", 31, 1000]);
  expect(failure("foo[300]")).toBe("foo[5m]");
  expect(failure("foo offset 1.5")).toBe("foo offset 1s500ms");
  expect(numberOf("-0")).toBe(-0);
  expect(failure("1d1h5")).toContain("bad number or duration syntax");
  expect(failure("foo[5m5m]")).toContain('not a valid duration string: "5m5m"');
});

test("modifiers follow in any order, offsets take one duration", () => {
  expect(failure("foo[5m] @ 100 offset -1h")).toBe("foo[5m] @ 100.000 offset -1h");
  expect(failure("foo offset 5m @ start()")).toBe("foo @ start() offset 5m");
  expect(failure("foo @ -1.5")).toBe("foo @ -1.500");
  expect(failure("foo offset 100 + 2")).toBe("foo offset 1m40s + 2");
  expect(failure("foo offset (100 + 2)")).toBe("foo offset (1m40s + 2s)");
  expect(failure("foo offset -min_of(step(), 1s)")).toBe("foo offset -min_of(step(), 1s)");
  expect(failure("foo[2m*(10+5)]")).toBe("foo[2m * (10s + 5s)]");
  expect(failure("sum(a)[1h:step()]")).toBe("sum(a)[1h:step()]");
  expect(failure("foo[5m] anchored")).toBe("foo[5m] anchored");
  expect(failure("foo smoothed")).toBe("foo smoothed");
});

test("every misplaced modifier is refused", () => {
  const wrong: Readonly<Record<string, string>> = {
    "sum(a) offset 5m": "offset modifier must be preceded by an instant vector selector",
    "1 @ 5": "@ modifier must be preceded by",
    "a offset 5m offset 5m": "offset may not be set multiple times",
    "a @ 1 @ 2": "@ <timestamp> may not be set multiple times",
    "a offset 5m[1m]": "no offset modifiers allowed before range",
    "a @ 5 [1m]": "no @ modifiers allowed before range",
    "sum(a)[5m]": "ranges only allowed for vector selectors",
    "a[0s]": "duration must be greater than 0",
    "a[5m": "unclosed left bracket",
    "a[5m:1m:1m]": 'expected "]"',
    "a[]": "unexpected",
    "a offset": "unexpected end of input in offset",
    "a @ b": "expected timestamp",
    "a @ 1e20": "timestamp out of bounds",
    "a[5m][5m:]": "subquery is only allowed on instant vector, got range vector instead",
    "a anchored": "anchored modifier must be preceded by a range selector",
    "a[5m] anchored smoothed": "cannot be used together",
    "a[1000y]": "duration",
  };
  for (const [text, message] of Object.entries(wrong)) expect(failure(text), text).toContain(message);
});

test("selectors: names, matchers, quotes, every keyword where it may stand", () => {
  expect(failure('{__name__="up",job="a"}')).toBe('up{job="a"}');
  expect(failure('{"http.requests", "l.x"="y", z!~"q",}')).toBe('{"http.requests","l.x"="y",z!~"q"}');
  expect(failure("{'a'}")).toBe("a");
  expect(failure("sum + by + offset")).toBe("sum + by + offset");
  expect(failure('count{by="x", on="y", sum="z"}')).toBe('count{by="x",on="y",sum="z"}');
  expect(failure("fill + fill(0) fill_left")).toBe("fill + fill (0) fill_left");
  const wrong: Readonly<Record<string, string>> = {
    "{}": "vector selector must contain at least one non-empty matcher",
    '{a=""}': "at least one non-empty matcher",
    'a{__name__="b"}': 'metric name must not be set twice: "a" or "b"',
    '{"a","b"}': 'metric name must not be set twice: "a" or "b"',
    'a{b="c" d="e"}': 'expected "," or "}"',
    "a{b}": "expected label matching operator",
    "a{b=c}": "expected string",
    "a{1}": 'expected identifier or "}"',
    'a{b=~"("}': "invalid regular expression",
    'a{b="\\q"}': "invalid syntax in quoted string",
    bool: "unexpected <bool>",
  };
  for (const [text, message] of Object.entries(wrong)) expect(failure(text), text).toContain(message);
});

test("aggregations take their clause before or behind, and the arguments that they have", () => {
  expect(failure("SUM by (a, b,) (x)")).toBe("sum by (a, b) (x)");
  expect(failure('sum(x) without ("a.b")')).toBe('sum without ("a.b") (x)');
  expect(failure("topk(5, x)")).toBe("topk(5, x)");
  expect(failure('count_values("v", x)')).toBe('count_values("v", x)');
  const wrong: Readonly<Record<string, string>> = {
    "sum()": "no arguments for aggregate expression provided",
    "sum(a, b)": "wrong number of arguments for aggregate expression provided, expected 1, got 2",
    "topk(a)": "expected 2, got 1",
    "topk(a, b)": "expected type scalar in aggregation parameter, got instant vector",
    "sum(1)": "expected type instant vector in aggregation expression, got scalar",
    "sum by a (x)": 'unexpected identifier "a" in grouping opts, expected "("',
    "sum by (a:b) (x)": "expected label",
    "sum(x) by (a) by (b)": "unexpected <by>",
  };
  for (const [text, message] of Object.entries(wrong)) expect(failure(text), text).toContain(message);
});

test("calls are checked against the table of functions", () => {
  const wrong: Readonly<Record<string, string>> = {
    "foo(a)": '1:1: parse error: unknown function with name "foo"',
    "rate(a)": 'expected type range vector in call to function "rate", got instant vector',
    "rate(a[5m], 1)": 'expected 1 argument(s) in call to "rate", got 2',
    "round()": 'expected at least 1 argument(s) in call to "round", got 0',
    "round(a, 1, 2)": 'expected at most 2 argument(s) in call to "round", got 3',
    "label_join(a, 'b')": "expected at least 3 argument(s)",
    "abs(1)": "expected type instant vector",
    "abs(a,)": "trailing commas not allowed in function call args",
    "RATE(a[5m])": 'unknown function with name "RATE"',
    "start_timestamp(a)": "1:1: function start_timestamp is not built yet",
  };
  for (const [text, message] of Object.entries(wrong)) expect(failure(text), text).toContain(message);
  expect(failure("info(a, {b=~'.*'})")).toBe('info(a, {b=~".*"})');
  expect(failure("START() + step()")).toBe("start() + step()");
});

test("operators are checked against the types and the words behind them", () => {
  const wrong: Readonly<Record<string, string>> = {
    "1 == 1": "1:3: parse error: comparisons between scalars must use BOOL modifier",
    "1 and 1": 'set operator "and" not allowed in binary scalar expression',
    "a and 1": 'set operator "and" not allowed in binary scalar expression',
    "a + bool b": "bool modifier can only be used on comparison operators",
    "1 + on(x) a": "vector matching only allowed between instant vectors",
    "a[5m] + b": "binary expression must contain only scalar and instant vector types",
    "a or on(x) group_left b": 'no grouping allowed for "or" operation',
    "a and fill(0) b": "filling in missing series not allowed for set operators",
    "a + on(x) group_left(x) b": 'label "x" must not occur in ON and GROUP clause at once',
    "a + group_left b": "unexpected <group_left>",
    "-'a'": "unary expression only allowed on expressions of type scalar or instant vector",
    "1 +": "unexpected end of input",
    "a b": 'unexpected identifier "b"',
    "": "no expression found in input",
    "# nothing": "no expression found in input",
  };
  for (const [text, message] of Object.entries(wrong)) expect(failure(text), text).toContain(message);
  expect(isComparison("<=") && !isComparison("+")).toBe(true);
  expect(isSetOp("unless") && !isSetOp("==")).toBe(true);
});

test("nesting has a limit, whatever it is made of", () => {
  const deep = 3 * MAX_DEPTH;
  for (const text of [
    `${"(".repeat(deep)}a${")".repeat(deep)}`,
    `${"-".repeat(deep)}a`,
    `a${" + a".repeat(deep)}`,
    `a${" ^ a".repeat(deep)}`,
    `${"abs(".repeat(deep)}a${")".repeat(deep)}`,
  ])
    expect(failure(text), text.slice(0, 10)).toContain("levels deep");
  expect(failure(`a[${"(".repeat(deep)}1${")".repeat(deep)}]`)).toContain("levels deep");
  expect(failure(`a${" or a".repeat(MAX_DEPTH - 10)}`)).not.toContain("error");
});

test("spans say where a node stands", () => {
  const expr = parseExpr("a +\n  rate(b[5m])");
  if (expr.kind !== "binary") throw new Error("not binary");
  expect(expr.right.span).toEqual({ start: 6, end: 17, line: 2, column: 3 });
});

test("the parts read from where the reader stands and leave it behind what they read", () => {
  const reader = new TokenReader("(a, b) x{y='z'} offset 5m");
  expect(readGrouping(reader)).toEqual(["a", "b"]);
  const { start } = reader;
  const selector = readSelector(reader);
  expect(selector.name).toBe("x");
  expect(readPostfix(reader, selector, start)).toMatchObject({ offset: { kind: "ms", ms: 300_000 } });
  expect(reader.is("end")).toBe(true);
  expect(readRange(new TokenReader("1h"), "x")).toEqual({ kind: "ms", ms: 3_600_000 });
});
