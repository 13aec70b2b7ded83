/** What follows an expression: `[5m]`, `[1h:1m]`, `offset`, `@`, `anchored` and `smoothed`. */
import { checkSubquery } from "./check-types.ts";
import type { AtModifier, Duration, Expr, MatrixSelector, SubqueryExpr, VectorSelector } from "./expr.ts";
import { readOffset, readRange } from "./parse-duration.ts";
import { readSigned } from "./parse-number.ts";
import type { TokenReader } from "./token-reader.ts";

/** Reads every modifier behind `expr`, which began at `start`. */
export function readPostfix(reader: TokenReader, expr: Expr, start: number): Expr {
  let current = expr;
  // Modifiers come in any order; each refuses what it cannot be applied to.
  for (;;) {
    const word = reader.word();
    if (reader.is("[")) current = readBracket(reader, current, start);
    else if (word === "offset") current = readOffsetModifier(reader, current, start);
    else if (reader.is("@")) current = readAt(reader, current, start);
    else if (word === "anchored" || word === "smoothed") current = readExtended(reader, current, start, word);
    else return current;
  }
}

/** A range, or with a colon a subquery. */
function readBracket(reader: TokenReader, expr: Expr, start: number): Expr {
  const bracket = reader.next();
  const range = readRange(reader, "subquery or range");
  if (!reader.is(":")) {
    reader.expect("]", "subquery or range", '":" or "]"');
    // Modifiers belong behind the range: `x[5m] offset 1h`. Before it they would read as if they changed what the range
    // is taken of.
    const problem =
      expr.kind !== "selector"
        ? "ranges only allowed for vector selectors"
        : expr.offset !== undefined
          ? "no offset modifiers allowed before range"
          : expr.at !== undefined
            ? "no @ modifiers allowed before range"
            : undefined;
    if (expr.kind !== "selector" || problem !== undefined) throw reader.failure(bracket, problem ?? "");
    return { kind: "range", type: "matrix", selector: expr, range, span: reader.spanFrom(start) };
  }
  reader.next();
  const step = reader.is("]") ? undefined : readRange(reader, "subquery selector");
  reader.expect("]", "subquery selector", step === undefined ? 'duration or "]"' : '"]"');
  return checkSubquery(reader, expr, {
    kind: "subquery",
    type: "matrix",
    inner: expr,
    range,
    ...(step === undefined ? {} : { step }),
    span: reader.spanFrom(start),
  });
}

/** The node that an offset or `@` belongs to, changed by `change`. Throws when there is none. */
function modify(
  reader: TokenReader,
  expr: Expr,
  start: number,
  modifier: string,
  change: <T extends VectorSelector | SubqueryExpr>(node: T) => T,
): Expr {
  const span = reader.spanFrom(start);
  if (expr.kind === "selector" || expr.kind === "subquery") return { ...change(expr), span };
  if (expr.kind === "range") return { ...expr, selector: change(expr.selector), span };
  throw reader.failure(
    { start },
    `${modifier} modifier must be preceded by an instant vector selector or range vector selector or a subquery`,
  );
}

/** The node that holds the modifiers of an expression. */
function targetOf(expr: Expr): VectorSelector | SubqueryExpr | MatrixSelector["selector"] | undefined {
  return expr.kind === "range"
    ? expr.selector
    : expr.kind === "selector" || expr.kind === "subquery"
      ? expr
      : undefined;
}

/** `offset 5m`, once. */
function readOffsetModifier(reader: TokenReader, expr: Expr, start: number): Expr {
  const word = reader.next();
  const offset: Duration = readOffset(reader);
  if (targetOf(expr)?.offset !== undefined) throw reader.failure(word, "offset may not be set multiple times");
  return modify(reader, expr, start, "offset", (node) => ({ ...node, offset }));
}

/** `@ 1234.5`, `@ start()` or `@ end()`, once. */
function readAt(reader: TokenReader, expr: Expr, start: number): Expr {
  const sign = reader.next();
  const at = readAtTime(reader);
  if (targetOf(expr)?.at !== undefined) throw reader.failure(sign, "@ <timestamp> may not be set multiple times");
  return modify(reader, expr, start, "@", (node) => ({ ...node, at }));
}

/** The time behind `@`, rounded to milliseconds. */
function readAtTime(reader: TokenReader): AtModifier {
  const word = reader.word();
  if (word === "start" || word === "end") {
    reader.next();
    reader.expect("(", "@");
    reader.expect(")", "@");
    return { kind: word };
  }
  const token = reader.peek();
  const seconds = readSigned(reader, "@", "timestamp");
  // Number.MAX_SAFE_INTEGER milliseconds are the year 287,396: beyond, no time is exact.
  if (!(Math.abs(seconds) * 1000 <= Number.MAX_SAFE_INTEGER))
    throw reader.failure(token, `timestamp out of bounds for @ modifier: ${seconds}`);
  return { kind: "ms", ms: Math.round(seconds * 1000) };
}

/** `anchored` for ranges, `smoothed` for these and for instant selectors; experimental in Prometheus. */
function readExtended(reader: TokenReader, expr: Expr, start: number, extended: "anchored" | "smoothed"): Expr {
  const word = reader.next();
  const target = targetOf(expr);
  if (target?.kind !== "selector" || (expr.kind === "selector" && extended === "anchored"))
    throw reader.failure(
      word,
      `${extended} modifier must be preceded by ${extended === "anchored" ? "a range" : "an instant or range"} selector`,
    );
  // Both at once would take the same end in two ways.
  if (target.extended !== undefined)
    throw reader.failure(word, "anchored and smoothed modifiers cannot be used together");
  const span = reader.spanFrom(start);
  if (expr.kind === "range") return { ...expr, selector: { ...expr.selector, extended }, span };
  return { ...target, extended, span };
}
