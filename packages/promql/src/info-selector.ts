/** The selector of info metrics that a call of `info()` reads beside its vector, at the times that the vector's samples are from. */
import type { AtModifier, CallExpr, Duration, Expr, VectorSelector } from "./expr.ts";
import { METRIC_NAME } from "./labels.ts";
import { matcher } from "./matcher.ts";
import type { Matcher } from "./queryable.ts";

/** The info metric that is joined when the call names none: what OpenTelemetry's resource attributes become. */
const TARGET_INFO = matcher(METRIC_NAME, "=", "target_info");
/** What is joined when the call only says which names not. */
const ANY_INFO = matcher(METRIC_NAME, "=~", ".+_info");

/** Whether a matcher says which metric is meant, rather than which is not. */
export function isPositive({ op }: Matcher): boolean {
  return op === "=" || op === "=~";
}

// By call: the spans of what is read and the evaluation both ask, and must get the same selector, because what was
// selected is found by it.
const made = new WeakMap<CallExpr, VectorSelector>();

/** The selector of a call of `info()`; the same one for the same call, so that what was selected for it can be found. */
export function infoSelector(call: CallExpr): VectorSelector {
  const known = made.get(call);
  if (known !== undefined) return known;
  const [vector, labels] = call.args;
  const given = labels?.kind === "selector" ? labels.matchers : [];
  const named = given.filter(({ name }) => name === METRIC_NAME);
  // Without a word on names, or with negative ones alone, everything that is stored would be an info metric.
  const more = named.length === 0 ? [TARGET_INFO] : named.some(isPositive) ? [] : [ANY_INFO];
  const selector: VectorSelector = {
    kind: "selector",
    type: "vector",
    name: "",
    matchers: [...more, ...given],
    ...(vector === undefined ? {} : (timesOf(vector, {}) ?? {})),
    span: call.span,
  };
  made.set(call, selector);
  return selector;
}

interface Times {
  readonly at?: AtModifier;
  readonly offset?: Duration;
}

/** When the first selector of an expression reads, seen from where the expression stands; undefined when it has none. */
function timesOf(expr: Expr, within: Times): Times | undefined {
  switch (expr.kind) {
    case "selector":
      return move(expr, within);
    case "range":
      return move(expr.selector, within);
    case "subquery":
      return timesOf(expr.inner, move(expr, within));
    case "paren":
    case "unary":
      return timesOf(expr.inner, within);
    case "aggregate":
      return timesOf(expr.inner, within);
    case "binary":
      return timesOf(expr.left, within) ?? timesOf(expr.right, within);
    case "call": {
      for (const arg of expr.args) {
        const found = timesOf(arg, within);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    default:
      return undefined;
  }
}

/**
 * The times of a node within others. An `@` fixes the time whatever is around it; offsets add up, which an expression of
 * durations says without knowing the query's step.
 */
function move(node: Times, within: Times): Times {
  const { at, offset } = node;
  if (at !== undefined) return offset === undefined ? { at } : { at, offset };
  if (offset === undefined) return within;
  if (within.offset === undefined) return { ...within, offset };
  return { ...within, offset: { kind: "binary", op: "+", left: within.offset, right: offset } };
}
