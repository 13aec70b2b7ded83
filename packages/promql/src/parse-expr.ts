/** From text to a typed tree: the only way to make an expression. */
import type { Expr } from "./expr.ts";
import { PromqlError } from "./promql-error.ts";

/** Parses and type-checks an expression. Throws a PromqlError with the place: `parse` when it is wrong, `unbuilt` when it is right but cannot be evaluated here yet. */
export function parseExpr(text: string): Expr {
  throw new PromqlError("unbuilt", `parsing is not built yet: ${text}`);
}
