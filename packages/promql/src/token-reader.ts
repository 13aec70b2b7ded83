/** Reads tokens one after another for the parser, and words what is wrong with them as Prometheus does. */
import type { Span } from "./expr.ts";
import { unquote } from "./go-string.ts";
import { KEYWORDS } from "./keywords.ts";
import { type Token, type TokenKind, tokenize } from "./lexer.ts";
import { type PromqlError, parseFailure } from "./promql-error.ts";

/** The tokens of one expression and a place among them. */
export class TokenReader {
  readonly text: string;
  readonly #tokens: readonly Token[];
  readonly #lineStarts: readonly number[];
  #at = 0;

  /** Throws a PromqlError when the text has no tokens. */
  constructor(text: string) {
    this.text = text;
    this.#tokens = tokenize(text);
    // Lines are found once, so that every node can say its line and column.
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** The token `ahead` of the current one; beyond the end, the end. */
  peek(ahead = 0): Token {
    const last: Token = { kind: "end", text: "", start: this.text.length, end: this.text.length };
    return this.#tokens[this.#at + ahead] ?? last;
  }

  /** The current token, and moves on. */
  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  /** Whether the current token is of a kind. */
  is(kind: TokenKind): boolean {
    return this.peek().kind === kind;
  }

  /** The current token in lower case if it is a word, else undefined: keywords may be written in any case. */
  word(ahead = 0): string | undefined {
    const token = this.peek(ahead);
    return token.kind === "word" ? token.text.toLowerCase() : undefined;
  }

  /** Moves over a token of a kind if it is the current one. */
  skip(kind: TokenKind): boolean {
    if (!this.is(kind)) return false;
    this.#at++;
    return true;
  }

  /** Moves over a word if it is the current one. */
  skipWord(word: string): boolean {
    if (this.word() !== word) return false;
    this.#at++;
    return true;
  }

  /** Moves over a token of a kind, or throws saying where it was expected. */
  expect(kind: TokenKind, context: string, expected = `"${kind}"`): Token {
    if (!this.is(kind)) throw this.unexpected(context, expected);
    return this.next();
  }

  /** The text of the current token, which is a string. Throws when an escape in it is malformed. */
  string(context: string): string {
    const token = this.expect("string", context, "string");
    const text = unquote(token.text);
    if (text === undefined) throw parseFailure(this.text, token.start, "invalid syntax in quoted string");
    return text;
  }

  /** "unexpected … in …, expected …" at the current token. */
  unexpected(context = "", expected = ""): PromqlError {
    const where = context === "" ? "" : ` in ${context}`;
    const wanted = expected === "" ? "" : `, expected ${expected}`;
    const token = this.peek();
    return parseFailure(this.text, token.start, `unexpected ${describe(token)}${where}${wanted}`);
  }

  /** A failure at a place in the text. */
  failure(at: { readonly start: number }, message: string): PromqlError {
    return parseFailure(this.text, at.start, message);
  }

  /** Where the next token starts. */
  get start(): number {
    return this.peek().start;
  }

  /** From an offset to the end of the last token read. */
  spanFrom(start: number): Span {
    const end = this.#tokens[this.#at - 1]?.end ?? start;
    // The last line that starts at or before the place.
    let low = 0;
    for (let high = this.#lineStarts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= start) low = middle;
      else high = middle;
    }
    return { start, end, line: low + 1, column: start - (this.#lineStarts[low] ?? 0) + 1 };
  }
}

function describe(token: Token): string {
  // The words of Prometheus's own messages, which people search for.
  switch (token.kind) {
    case "end":
      return "end of input";
    case "word":
      return KEYWORDS.has(token.text.toLowerCase()) ? `<${token.text.toLowerCase()}>` : `identifier "${token.text}"`;
    case "number":
    case "duration":
      return `${token.kind} "${token.text}"`;
    case "string":
      return `string ${token.text}`;
    default:
      return /^[-+*/%^<>=!]/.test(token.text) ? `<op:${token.text}>` : `"${token.text}"`;
  }
}
