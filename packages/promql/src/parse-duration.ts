/** Durations in brackets and behind `offset`: literals, and since Prometheus 3.14 expressions over them. */
import { MAX_DURATION_MS } from "./duration-text.ts";
import type { Duration } from "./expr.ts";
import { literalOf } from "./parse-number.ts";
import type { TokenReader } from "./token-reader.ts";

/** Deeper nesting than this is refused, so that a text cannot exhaust the stack. */
const MAX_NESTING = 100;

// As in expressions: powers first, then products, then sums.
const PRECEDENCE = { "+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3 } as const;
type Op = keyof typeof PRECEDENCE;

/** Whether a token is an operator of durations. */
function isOp(kind: string): kind is Op {
  return kind in PRECEDENCE;
}

/** Reads the duration of a range or of a subquery's step; a literal must be positive. */
export function readRange(reader: TokenReader, context: string): Duration {
  const token = reader.peek();
  const duration = readBinary(reader, 0, 0, context);
  if (duration.kind === "ms" && duration.ms <= 0) throw reader.failure(token, "duration must be greater than 0");
  return duration;
}

/** Reads what follows `offset`: one duration with an optional sign; anything more needs parentheses. */
export function readOffset(reader: TokenReader): Duration {
  // Not a whole expression: `x offset 5m + y` adds y to the series.
  const sign = reader.is("-") || reader.is("+") ? reader.next().kind : undefined;
  const duration = readPrimary(reader, 0, "offset", "number, duration, step(), or range()");
  if (sign !== "-") return duration;
  return duration.kind === "ms" ? { kind: "ms", ms: -duration.ms } : { kind: "unary", op: "-", inner: duration };
}

/** A Pratt parser of its own: durations allow less than expressions, and mean other things by it. */
function readBinary(reader: TokenReader, above: number, depth: number, context: string): Duration {
  let left = readUnary(reader, depth, context);
  for (;;) {
    const { kind } = reader.peek();
    if (!isOp(kind) || PRECEDENCE[kind] <= above) return left;
    reader.next();
    // `^` binds to the right: its operand may itself be a power.
    const right = readBinary(reader, PRECEDENCE[kind] - (kind === "^" ? 1 : 0), depth + 1, context);
    left = { kind: "binary", op: kind, left, right };
  }
}

/** A sign, which binds like a product. */
function readUnary(reader: TokenReader, depth: number, context: string): Duration {
  if (depth > MAX_NESTING)
    throw reader.failure(reader.peek(), `duration is nested more than ${MAX_NESTING} levels deep`);
  const sign = reader.is("-") ? "-" : reader.is("+") ? "+" : undefined;
  if (sign === undefined) return readPrimary(reader, depth, context, "number, duration, step(), or range()");
  reader.next();
  return { kind: "unary", op: sign, inner: readBinary(reader, PRECEDENCE["*"], depth + 1, context) };
}

/** A literal, a duration of the query, a choice of two, or anything in parentheses. */
function readPrimary(reader: TokenReader, depth: number, context: string, expected: string): Duration {
  const token = reader.peek();
  if (reader.skip("(")) {
    const inner = readBinary(reader, 0, depth + 1, context);
    reader.expect(")", context);
    return { kind: "paren", inner };
  }
  const word = reader.word();
  if (word === "step" || word === "range") {
    reader.next();
    reader.expect("(", context);
    reader.expect(")", context);
    return { kind: word };
  }
  if (word === "min_of" || word === "max_of") {
    reader.next();
    reader.expect("(", context);
    const left = readBinary(reader, 0, depth + 1, context);
    reader.expect(",", context);
    const right = readBinary(reader, 0, depth + 1, context);
    reader.expect(")", context);
    return { kind: "binary", op: word, left, right };
  }
  const seconds = literalOf(token, reader);
  if (seconds === undefined) throw reader.unexpected(context, expected);
  // Rounded, because 1.001 * 1000 is a little less than 1001.
  const ms = Math.round(seconds * 1000);
  if (!(Math.abs(ms) <= MAX_DURATION_MS)) throw reader.failure(token, "duration out of range");
  reader.next();
  return { kind: "ms", ms };
}
