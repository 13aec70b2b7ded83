/** Numbers and durations as literals, which since Prometheus 3 may stand for each other. */
import { parseDuration } from "./duration-text.ts";
import type { Token } from "./lexer.ts";
import type { TokenReader } from "./token-reader.ts";

/** The value of a number as Go reads it: underscores between digits, `0x` hexadecimal, and a leading zero octal. */
export function numberOf(text: string): number {
  // Go reads integers with any base and everything else as decimal.
  const plain = text.replaceAll("_", "");
  if (/^0[xX]/.test(plain)) return Number(plain);
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8);
  return Number(plain);
}

/** The value of a token that is a number or a duration, in seconds; undefined when it is neither. */
export function literalOf(token: Token, reader: TokenReader): number | undefined {
  if (token.kind === "number") return numberOf(token.text);
  if (token.kind === "word") return specialNumber(token.text);
  if (token.kind !== "duration") return undefined;
  const ms = parseDuration(token.text);
  if (ms === undefined) throw reader.failure(token, `not a valid duration string: "${token.text}"`);
  return ms / 1000;
}

/** `NaN` and `Inf`, in any case: words to the lexer, numbers to the language. */
function specialNumber(text: string): number | undefined {
  const lower = text.toLowerCase();
  return lower === "nan" ? Number.NaN : lower === "inf" ? Number.POSITIVE_INFINITY : undefined;
}

/** Reads a number or duration with an optional sign, in seconds, or throws. */
export function readSigned(reader: TokenReader, context: string, expected: string): number {
  const sign = reader.skip("-") ? -1 : 1;
  if (sign > 0) reader.skip("+");
  const value = literalOf(reader.peek(), reader);
  if (value === undefined) throw reader.unexpected(context, expected);
  reader.next();
  return sign * value;
}
