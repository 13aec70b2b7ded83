/** The span of time that every selector of an expression reads, for an expression that is evaluated within a span itself. */
import { type DurationContext, durationMs, rangeMs } from "./duration-value.ts";
import type { AtModifier, Expr, VectorSelector } from "./expr.ts";
import { infoSelector } from "./info-selector.ts";
import type { TimeSpan } from "./queryable.ts";

/** The times that an expression is evaluated within, milliseconds. */
export interface EvaluationSpan extends DurationContext {
  readonly from: number;
  readonly until: number;
  readonly lookbackMs: number;
}

/** A selector with the samples that it needs: later than `after`, up to and including `until`. */
export interface SelectorSpan extends TimeSpan {
  readonly selector: VectorSelector;
  /** An `@` over it makes the span independent of when the expression is evaluated. */
  readonly pinned: boolean;
  /** Of native histograms nothing but counts and sums is asked. */
  readonly totalsOnly: boolean;
}

/** The time that `@` names. */
export function atTime(at: AtModifier, query: { readonly from: number; readonly until: number }): number {
  return at.kind === "ms" ? at.ms : at.kind === "start" ? query.from : query.until;
}

/** Every selector in the order of the text. */
export function selectorSpans(expr: Expr, query: EvaluationSpan): readonly SelectorSpan[] {
  const found: SelectorSpan[] = [];
  visit(expr, { from: query.from, until: query.until, pinned: false, totals: undefined });
  return found;

  /** Walks down with the times at which a node is evaluated. */
  function visit(node: Expr, within: Within): void {
    switch (node.kind) {
      case "paren":
      case "unary":
        visit(node.inner, within);
        return;
      case "binary":
        visit(node.left, within);
        visit(node.right, within);
        return;
      case "aggregate":
        if (node.param !== undefined) visit(node.param, within);
        visit(node.inner, within);
        return;
      case "call":
        // What `info()` has as its second argument only says what to join.
        for (const arg of node.name === "info" ? node.args.slice(0, 1) : node.args)
          visit(arg, inCall(node.name, within));
        if (node.name === "info") add(infoSelector(node), within, query.lookbackMs, 0);
        return;
      case "subquery": {
        const moved = move(node, within);
        visit(node.inner, { ...moved, totals: false, from: moved.from - rangeMs(node.range, query) });
        return;
      }
      case "selector":
        add(node, within, query.lookbackMs, node.extended === "smoothed" ? query.lookbackMs : 0);
        return;
      case "range": {
        // What is taken at the ends of an extended range may lie a lookback outside of it.
        const outside = node.selector.extended === undefined ? 0 : query.lookbackMs;
        const ahead = node.selector.extended === "smoothed" ? query.lookbackMs : 0;
        add(node.selector, within, rangeMs(node.range, query) + outside, ahead);
        return;
      }
      case "number":
      case "string":
        return;
    }
  }

  /** Adds a selector that reads so far back and ahead of the times at which it is evaluated. */
  function add(selector: VectorSelector, within: Within, back: number, ahead: number): void {
    const { from, until, pinned } = move(selector, within);
    found.push({ selector, after: from - back, until: until + ahead, pinned, totalsOnly: within.totals ?? false });
  }

  /** The times that a node reads, given those at which it is evaluated. */
  function move(node: VectorSelector | Extract<Expr, { readonly kind: "subquery" }>, within: Within): Within {
    const offset = node.offset === undefined ? 0 : durationMs(node.offset, query);
    if (node.at === undefined) return { ...within, from: within.from - offset, until: within.until - offset };
    const at = atTime(node.at, query) - offset;
    // The ends of the query move with it: only a time that is written down does not.
    return { ...within, from: at, until: at, pinned: node.at.kind === "ms" };
  }
}

/** What is known of the place of a node. */
interface Within {
  readonly from: number;
  readonly until: number;
  readonly pinned: boolean;
  /** Whether only totals of histograms are wanted; false is final, undefined is not said yet. */
  readonly totals: boolean | undefined;
}

/** What a call asks of the histograms below it: some functions need nothing but totals, others every bucket. */
function inCall(name: string, within: Within): Within {
  if (within.totals === false) return within;
  if (name === "histogram_quantile" || name === "histogram_fraction") return { ...within, totals: false };
  return /^histogram_(?:count|sum|avg)$/.test(name) ? { ...within, totals: true } : within;
}
