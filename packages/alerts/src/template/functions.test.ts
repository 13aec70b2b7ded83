import { expect, test } from "vitest";
import { type CallContext, FUNCTIONS, fitArguments, formatValue, queryEscape, UNBUILT_FUNCTIONS } from "./functions.ts";
import type { Value } from "./value.ts";

const context: CallContext = { at: 1_577_836_800_500 };

function call(name: string, ...args: readonly Value[]): Value {
  const row = FUNCTIONS[name];
  if (row === undefined) throw new Error(`no function ${name}`);
  return row.run(fitArguments(name, row, args), context);
}

const map: Value = { kind: "labels", entries: new Map([["a", "1"]]) };

test.each<[string, readonly Value[], Value]>([
  ["and", [1n, 0n], 0n],
  ["and", [1n, 2n], 2n],
  ["or", [0n, "", "z"], "z"],
  ["or", [0n, 0], 0],
  ["not", [""], true],
  ["len", ["héllo"], 6n],
  ["len", [map], 1n],
  ["index", [map, "a"], "1"],
  ["index", [map, "zz"], ""],
  ["print", [1n, 2n, "a", 3n, 4n], "1 2a3 4"],
  ["print", [1.5, null], "1.5 <nil>"],
  ["println", [1n, "a"], "1 a\n"],
  ["printf", ["%.1f", 2.25], "2.2"],
  ["html", ["<a&'\">"], "&lt;a&amp;&#39;&#34;&gt;"],
  ["js", ["it's"], "it\\'s"],
  ["urlquery", ["a b&c/é!"], "a+b%26c%2F%C3%A9%21"],
  ["eq", [1n, 2n, 1n], true],
  ["eq", ["a", "b"], false],
  ["eq", [null, 1n], false],
  ["ne", [1.5, 2.5], true],
  ["lt", ["a", "b"], true],
  ["le", [1n, 1n], true],
  ["gt", [2.5, 1.5], true],
  // By what it is not, as in Go.
  ["gt", [Number.NaN, 1.5], true],
  ["ge", [1n, 2n], false],
  ["match", ["a.*c", "xabcx"], true],
  ["match", ["^b", "abc"], false],
  ["reReplaceAll", ["(a)(b)?", "<$1|$" + "{2}|$3|$$>", "ab-a"], "<a|b||$>-<a|||$>"],
  ["reReplaceAll", ["(?P<n>\\d+)", "#$n", "a1b22"], "a#1b#22"],
  ["reReplaceAll", ["x*", "-", "ab"], "-a-b-"],
  ["title", ["hello big-world it's 3d"], "Hello Big-World It'S 3d"],
  ["toUpper", ["é"], "É"],
  ["toLower", ["AB"], "ab"],
  ["stripPort", ["host:9090"], "host"],
  ["stripPort", ["[::1]:9090"], "::1"],
  ["stripPort", ["host"], "host"],
  ["stripDomain", ["h1.ex.com:9090"], "h1:9090"],
  ["stripDomain", ["h1.ex.com"], "h1"],
  ["stripDomain", ["192.0.2.1:80"], "192.0.2.1:80"],
  ["stripDomain", ["[2001:db8::1]:80"], "[2001:db8::1]:80"],
  ["humanize", ["1234567"], "1.235M"],
  ["humanize", [1_000n], "1k"],
  ["humanize1024", [2_048], "2ki"],
  ["humanizeDuration", [{ kind: "duration", seconds: 61 }], "1m 1s"],
  ["humanizePercentage", [0.5], "50%"],
  ["humanizeTimestamp", [1_435_065_584.128], "2015-06-23 13:19:44.128000021 +0000 UTC"],
  ["toDuration", [1.5], { kind: "duration", seconds: 1.5 }],
  ["toTime", [1.5], { kind: "time", seconds: 1.5 }],
  ["now", [], 1_577_836_800.5],
  ["parseDuration", ["1h30m"], 5_400],
  [
    "args",
    [1n, "b"],
    {
      kind: "map",
      entries: new Map<string, Value>([
        ["arg0", 1n],
        ["arg1", "b"],
      ]),
    },
  ],
  ["graphLink", ["up == 0"], "/graph?g0.expr=up+%3D%3D+0&g0.tab=0"],
  ["tableLink", ["up"], "/graph?g0.expr=up&g0.tab=1"],
  ["pathPrefix", [], ""],
  ["safeHtml", ["<a>"], "<a>"],
  ["urlQueryEscape", ["a b"], "a+b"],
])("%s of %s, case %#", (name, args, result) => expect(call(name, ...args)).toEqual(result));

test.each<[string, readonly Value[], string]>([
  ["toUpper", [], "wrong number of args for toUpper: want 1 got 0"],
  ["toUpper", ["a", "b"], "wrong number of args for toUpper: want 1 got 2"],
  ["toUpper", [1n], "wrong type for value; expected string; got int"],
  ["printf", [], "wrong number of args for printf: want at least 1 got 0"],
  ["humanize", ["abc"], 'strconv.ParseFloat: parsing "abc": invalid syntax'],
  ["humanize", [true], "can't convert bool to float"],
  ["eq", [1n, 1], "incompatible types for comparison; a float compares with a number that has a point"],
  ["lt", [true, false], "invalid type for comparison"],
  ["eq", [map, map], "invalid type for comparison"],
  ["len", [1n], "len of type int"],
  ["index", ["abc", 0n], "can't index item of type string"],
  ["index", [map, 1n], "value has type int; should be string"],
  ["match", ["(", "a"], 'regular expression "("'],
  ["parseDuration", ["1.5h"], "not a valid duration string"],
])("%s of %s fails: %s", (name, args, message) => expect(() => call(name, ...args)).toThrow(message));

test("a function is built or named as not built, never both, and documented", () => {
  for (const [name, { doc }] of Object.entries(FUNCTIONS)) {
    expect(UNBUILT_FUNCTIONS.has(name), name).toBe(false);
    expect(doc, name).toMatch(/\.$/);
  }
});

test("values and queries are written as Prometheus writes them", () => {
  expect([0.5, 0, 93, Number.NaN].map(formatValue)).toEqual(["5e-01", "0e+00", "9.3e+01", "NaN"]);
  expect(queryEscape('a{b=~"5.."} > (1*2)')).toBe("a%7Bb%3D~%225..%22%7D+%3E+%281%2A2%29");
});
