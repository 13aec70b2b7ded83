/** Which series an expression reads, and how far from its evaluation time: what a window has to keep for it. */
import type { Expr } from "./expr.ts";
import type { Matcher } from "./queryable.ts";
import { selectorSpans } from "./selector-spans.ts";

/** The lookback of an instant selector, milliseconds: how old its newest sample may be. */
export const LOOKBACK_MS = 300_000;

/** One selector of an expression with the samples that it needs: later than `at - reachMs`, up to and including `at + aheadMs`. */
export interface SelectorUse {
  readonly matchers: readonly Matcher[];
  /** How far it reaches into the past of the evaluation time `at`, milliseconds: ranges, offsets, subqueries and lookback. Never negative. */
  readonly reachMs: number;
  /** How far it reaches beyond the evaluation time by a negative offset, milliseconds; 0 for almost every expression. */
  readonly aheadMs: number;
  /** It stands under an `@`, so the time that it reads does not move with the evaluation: no window can keep that. */
  readonly pinned: boolean;
}

/** What `selectorsOf` takes for granted of the evaluation. */
export interface SelectorOptions {
  /** The lookback of instant selectors, milliseconds; `LOOKBACK_MS` without it. */
  readonly lookbackMs?: number;
  /** What `step()` in a duration is, milliseconds; 0 without it, as in an instant query. */
  readonly stepMs?: number;
}

/** Every selector of the expression in the order of the text, for evaluations at one time. Throws `execution` for a range that is not positive. */
export function selectorsOf(expr: Expr, options: SelectorOptions = {}): readonly SelectorUse[] {
  const { lookbackMs = LOOKBACK_MS, stepMs = 0 } = options;
  const spans = selectorSpans(expr, { from: 0, until: 0, lookbackMs, stepMs, rangeMs: 0 });
  return spans.map(({ selector, after, until, pinned }) => ({
    matchers: selector.matchers,
    // What an `@` names is no distance from anything.
    reachMs: pinned ? 0 : Math.max(0, -after),
    aheadMs: pinned ? 0 : Math.max(0, until),
    pinned,
  }));
}
