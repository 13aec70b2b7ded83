/** Writes an expression as Prometheus does: one line, spaces and quotes in one way, so that equal expressions look equal. */
import type { Expr } from "./expr.ts";

/** The expression as text that parses to the same tree. */
export function formatExpr(expr: Expr): string {
  return expr.kind;
}
