import { expect, test } from "vitest";
import { problemsOf, runPromqlScript } from "./promql-cases.ts";
import { parseScript } from "./promql-script.ts";

test("a script is loads and evaluations, divided by empty lines", () => {
  const commands = parseScript(`
# A comment.
load 30s
  up{job="a"} 1 2

clear
eval_ordered instant at 1m up
  up 1

eval range from 0 to 1m step 30s up
  expect warn msg: odd (1:1)
  expect no_info
  {} 1
`);
  expect(commands.map(({ kind, line }) => [kind, line])).toEqual([
    ["load", 3],
    ["clear", 6],
    ["eval", 7],
    ["eval", 10],
  ]);
  expect(commands[3]).toMatchObject({
    from: 0,
    until: 60_000,
    stepMs: 30_000,
    expectations: [{ kind: "warn", message: "odd (1:1)" }],
  });
  expect(commands[2]).toMatchObject({ ordered: true, from: 60_000, stepMs: undefined });
});

test("what is malformed names its line", () => {
  expect(() => parseScript("\nload 1m\n  up x\n")).toThrow('line 2: "x" is no value');
  expect(() => parseScript("what is this")).toThrow("line 1: unknown command");
  expect(() => parseScript("eval instant at soon up")).toThrow("soon is no duration");
  expect(() => parseScript("eval instant at 0 up\n  expect magic")).toThrow("unknown expectation");
});

test("every way in which a result can differ is told", async () => {
  const script = `
load 1m
  a{x="1"} 1
  b 2
  h {{schema:0 count:1 sum:1 buckets:[1]}}

eval instant at 0 a
  a{x="1"} 2

eval instant at 0 a

eval instant at 0 a
  a{x="2"} 1

eval instant at 0 1
  2

eval instant at 0 a
  1

eval instant at 0 nope(

eval instant at 0 a
  expect fail

eval instant at 0 nope(a)
  expect fail msg: something else

eval instant at 0 rate(b[5m])
  expect warn

eval instant at 0 h > 1
  expect no_info

eval instant at 0 sort({__name__=~"a|b"})
  expect ordered
  b 2
  a{x="1"} 1

eval instant at 0 h
  h {{schema:0 count:1 sum:2 buckets:[1]}}

eval instant at 0 "x"
  expect string "y"
`;
  const problems = (await problemsOf(script)).map((one) => one.replace(/^\d+: .*?: /, ""));
  expect(problems).toEqual([
    '{__name__="a", x="1"} at step 0: 1, not 2',
    '{__name__="a", x="1"} not expected',
    'no {__name__="a", x="2"}',
    "1, not 2",
    "a vector, not a scalar",
    expect.stringContaining("failed: 1:6: parse error"),
    "should have failed",
    expect.stringContaining('not "something else"'),
    expect.stringContaining("no warn"),
    expect.stringContaining("info not wanted"),
    expect.stringContaining("place 0 has"),
    expect.stringContaining("sum:1"),
    "not the string y",
  ]);
});

test("an evaluation at one time is also one step of a range", async () => {
  const outcomes = await runPromqlScript("eval instant at 5m vector(time())\n  {} 300\n");
  expect(outcomes).toEqual([{ line: 1, expr: "vector(time())", problem: undefined }]);
});
