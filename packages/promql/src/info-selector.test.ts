import { expect, test } from "vitest";
import { infoSelector, isPositive } from "./info-selector.ts";
import { matcher } from "./matcher.ts";
import { parseExpr } from "./parse-expr.ts";

test("the selector of info metrics reads when the vector reads", () => {
  const call = parseExpr("info(max_over_time((a offset 1m)[5m:1m] @ 60), {b='c'})");
  if (call.kind !== "call") throw new Error("no call");
  const selector = infoSelector(call);
  expect(selector.matchers.map(({ name, op, value }) => `${name}${op}${value}`)).toEqual([
    "__name__=target_info",
    "b=c",
  ]);
  expect(selector.at).toEqual({ kind: "ms", ms: 60_000 });
  expect(selector.offset).toEqual({ kind: "ms", ms: 60_000 });
  expect(infoSelector(call)).toBe(selector);
});

test("which info metrics are meant when the call does not say so", () => {
  const of = (text: string) => {
    const call = parseExpr(text);
    return call.kind === "call" ? infoSelector(call).matchers.map(({ name, op, value }) => `${name}${op}${value}`) : [];
  };
  expect(of("info(a)")).toEqual(["__name__=target_info"]);
  expect(of("info(a, {__name__='b'})")).toEqual(["__name__=b"]);
  expect(of("info(a, {__name__!='b'})")).toEqual(["__name__=~.+_info", "__name__!=b"]);
  expect(isPositive(matcher("a", "!~", "b"))).toBe(false);
});
