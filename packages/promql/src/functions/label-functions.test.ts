import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { isLabelName, LABEL_FUNCTIONS } from "./label-functions.ts";

test("label_replace fills a replacement from the whole of another label", async () => {
  const script = `
load 1m
  v{a="x-1",b="y"} 1
  v{a="z",b="y"} 2

eval instant at 0 label_replace(v, "c", "$2/\${1}/$name$$/$9", "a", "(.)-(?P<name>.)")
  v{a="x-1",b="y",c="1/x/1$/"} 1
  v{a="z",b="y"} 2

eval instant at 0 label_replace(v, "b", "", "a", ".*")
  v{a="x-1"} 1
  v{a="z"} 2

eval instant at 0 label_replace(v, "__name__", "w", "", "")
  w{a="x-1",b="y"} 1
  w{a="z",b="y"} 2

eval instant at 0 label_replace(abs(v), "__name__", "w", "", "")
  w{a="x-1",b="y"} 1
  w{a="z",b="y"} 2

eval instant at 0 label_replace(v, "a", "same", "", "")
  expect fail msg: vector cannot contain metrics with the same labelset

eval instant at 0 label_replace(v, "c", "", "a", "(")
  expect fail msg: invalid regular expression in label_replace(): (

eval instant at 0 label_replace(v, "", "", "a", "")
  expect fail regex: invalid destination label name
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("label_join joins in the order of its arguments", async () => {
  const script = `
load 1m
  v{a="1",b="2"} 1

eval instant at 0 label_join(v, "c", "-", "b", "none", "a")
  v{a="1",b="2",c="2--1"} 1

eval instant at 0 label_join(v, "a", ",")
  v{b="2"} 1

eval instant at 0 label_join(v, "c", "-", "\\xff")
  expect fail regex: invalid source label name
`;
  expect(await problemsOf(script)).toEqual([]);
});

test("any UTF-8 but nothing is a label's name", () => {
  expect(["a", "a.b", "é", "1"].every(isLabelName)).toBe(true);
  expect(isLabelName("")).toBe(false);
  expect(isLabelName("\udcff")).toBe(false);
  expect(LABEL_FUNCTIONS).toHaveLength(2);
});
