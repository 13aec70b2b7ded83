/** Matchers for tests, without the text of a selector. */
import { type Matcher, type MatchOp, matcher } from "@rondo/promql";

/** `matching("up", ["job", "=", "a"])`: a metric's name, when it is not empty, and further matchers. */
export function matching(name: string, ...more: readonly (readonly [string, MatchOp, string])[]): Matcher[] {
  const named = name === "" ? [] : [matcher("__name__", "=", name)];
  return [...named, ...more.map(([label, op, value]) => matcher(label, op, value))];
}
