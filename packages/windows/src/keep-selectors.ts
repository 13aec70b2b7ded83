/** Reads `windows::keep`: selectors of series that are kept although no rule reads them. */
import { Fault } from "@rondo/core";
import { type Matcher, PromqlError, parseExpr } from "@rondo/promql";

/** The matchers of each selector. Throws a Fault `config` that names every one which is not a bare selector, and why. */
export function readKeepSelectors(texts: readonly string[]): readonly (readonly Matcher[])[] {
  const problems: string[] = [];
  const selectors = texts.map((text, index) => {
    const read = matchersOf(text);
    if (typeof read !== "string") return read;
    problems.push(`windows::keep[${index}] ${read}: ${text}`);
    return [];
  });
  if (problems.length > 0) throw new Fault("config", problems.join("; "));
  return selectors;
}

/** The matchers, or what is wrong. */
function matchersOf(text: string): readonly Matcher[] | string {
  try {
    const expr = parseExpr(text);
    // A selector that is moved in time keeps other samples than it names, which nobody means.
    if (expr.kind !== "selector" || expr.offset !== undefined || expr.at !== undefined) {
      return 'must be a selector alone, such as {__name__=~"training_.+"}';
    }
    return expr.matchers;
  } catch (thrown) {
    if (thrown instanceof PromqlError) return `is no PromQL: ${thrown.atPosition}`;
    throw thrown;
  }
}
