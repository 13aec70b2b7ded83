/** Which series an expression reads, and how far from its evaluation time: what a window has to keep for it. */
import type { Expr } from "./expr.ts";
import type { Matcher } from "./queryable.ts";

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

/** Every selector of the expression in the order of the text. Durations that need a query's step or range count as `stepMs` (60 s) and 0. */
export function selectorsOf(
  expr: Expr,
  options: { lookbackMs?: number; stepMs?: number } = {},
): readonly SelectorUse[] {
  void [expr, options];
  return [];
}
