/** Matchers for tests, without a parser. Expressions are made with RegExp: tests write their own. */
import type { Matcher, MatchOp } from "@rondo/promql";

/** `matching("up", ["job", "=", "a"])`: a metric's name, when it is not empty, and further matchers. */
export function matching(name: string, ...more: readonly (readonly [string, MatchOp, string])[]): Matcher[] {
  return [...(name === "" ? [] : [["__name__", "=", name] as const]), ...more].map(([label, op, value]) => ({
    name: label,
    op,
    value,
    matches: test(op, value),
  }));
}

function test(op: MatchOp, value: string): (text: string) => boolean {
  const expression = new RegExp(`^(?:${value})$`, "s");
  if (op === "=") return (text) => text === value;
  if (op === "!=") return (text) => text !== value;
  return op === "=~" ? (text) => expression.test(text) : (text) => !expression.test(text);
}
