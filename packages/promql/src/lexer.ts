/** Cuts an expression's text into tokens. Words are told apart later: whether `by` is a keyword depends on where it stands. */
import { type PromqlError, parseFailure } from "./promql-error.ts";

/** What a token is; punctuation and operators are their own kind. */
export type TokenKind = "word" | "number" | "duration" | "string" | "end" | Punctuation;

/** Everything that is neither word, number nor string; the longest that fits is taken. */
const PUNCTUATION = [
  "==",
  "=~",
  "!=",
  "!~",
  "<=",
  "</",
  ">=",
  ">/",
  "(",
  ")",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "=",
  "<",
  ">",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "@",
] as const;

/** A token that stands for itself. */
export type Punctuation = (typeof PUNCTUATION)[number];

/** A piece of the text with its place. */
export interface Token {
  readonly kind: TokenKind;
  /** As written, quotes included. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The longest expression that is read, in UTF-16 units. */
export const MAX_EXPRESSION_LENGTH = 1 << 20;

const SPACE = /(?:[ \t\r\n]|#[^\n]*)+/y;
// Everything is matched where the reader stands (`y`): no text is cut before it is known to be a token.
const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
/** Within brackets and braces a colon is no part of a word. */
const PLAIN_WORD = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const DURATION = /(?:\d+(?:ms|[smhdwy]))+/y;
// Underscores only between digits. A range like `[5m:1m]` and series like `1x5` are no concern of this grammar: the
// latter have a notation of their own.
const NUMBER = /0[xX][0-9a-fA-F_]+|(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?/y;
const STRING = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`/y;
const AFTER_NUMBER = /[a-zA-Z0-9_:.]+/y;

/** The tokens of an expression, the last of kind `end`. Throws a PromqlError of kind `parse`. */
export function tokenize(text: string): readonly Token[] {
  if (text.length > MAX_EXPRESSION_LENGTH)
    throw parseFailure(text, 0, `expression is longer than ${MAX_EXPRESSION_LENGTH} characters`);
  const tokens: Token[] = [];
  const open: Token[] = [];
  let at = 0;
  for (;;) {
    at = matchAt(SPACE, text, at)?.end ?? at;
    if (at >= text.length) break;
    const token = nextToken(text, at, open.at(-1)?.kind);
    tokens.push(token);
    at = token.end;
    if ("([{".includes(token.kind)) open.push(token);
    else if (")]}".includes(token.kind)) close(text, open, token);
  }
  // Only now: an inner mistake is more telling than a missing bracket at the end.
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw parseFailure(text, text.length, `unclosed left ${BRACKETS[unclosed.kind]?.name}`);
  tokens.push({ kind: "end", text: "", start: text.length, end: text.length });
  return tokens;
}

const BRACKETS: Readonly<Record<string, { readonly name: string; readonly closes: string }>> = {
  "(": { name: "parenthesis", closes: ")" },
  "[": { name: "bracket", closes: "]" },
  "{": { name: "brace", closes: "}" },
};

/** Checks a closing bracket against the one that is open; unbalanced brackets are worded by their kind. */
function close(text: string, open: Token[], token: Token): void {
  const opener = open.pop();
  if (opener !== undefined && BRACKETS[opener.kind]?.closes === token.kind) return;
  const name = Object.values(BRACKETS).find(({ closes }) => closes === token.kind)?.name;
  throw parseFailure(text, token.start, `unexpected right ${name} '${token.text}'`);
}

/** What a pattern finds exactly at a place. */
function matchAt(
  pattern: RegExp,
  text: string,
  at: number,
): { readonly text: string; readonly end: number } | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(text)?.[0];
  return found === undefined ? undefined : { text: found, end: at + found.length };
}

/** The token at a place; `within` is the innermost open bracket, which decides what a colon is. */
function nextToken(text: string, start: number, within: TokenKind | undefined): Token {
  const take = (kind: TokenKind, pattern: RegExp): Token | undefined => {
    const found = matchAt(pattern, text, start);
    return found === undefined ? undefined : { kind, text: found.text, start, end: found.end };
  };
  const char = text[start] ?? "";
  if (/[0-9.]/.test(char)) {
    const token = longest(take("duration", DURATION), take("number", NUMBER));
    // A number that runs into letters is a mistake, not two tokens.
    const tail = token === undefined ? undefined : matchAt(AFTER_NUMBER, text, token.end);
    const sticks = tail !== undefined && !(within !== undefined && within !== "{" && tail.text.startsWith(":"));
    if (token === undefined || sticks)
      throw parseFailure(
        text,
        start,
        `bad number or duration syntax: ${quoted(text.slice(start, tail?.end ?? start + 1))}`,
      );
    return token;
  }
  const word = take("word", within === "{" || within === "[" ? PLAIN_WORD : WORD);
  if (word !== undefined && !(word.text === ":" && within !== undefined)) return word;
  if ("\"'`".includes(char)) {
    const string = take("string", STRING);
    if (string === undefined) throw parseFailure(text, start, "unterminated quoted string");
    return string;
  }
  const kind = PUNCTUATION.find((one) => text.startsWith(one, start));
  if (kind === undefined) throw unexpectedCharacter(text, start, within);
  return { kind, text: kind, start, end: start + kind.length };
}

/** `5m` is a duration and `5` a number: the longer one is meant. */
function longest(a: Token | undefined, b: Token | undefined): Token | undefined {
  return a === undefined || (b !== undefined && b.end > a.end) ? b : a;
}

/** Worded as Prometheus does, which tells whether braces are the place of the mistake. */
function unexpectedCharacter(text: string, at: number, within: TokenKind | undefined): PromqlError {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return parseFailure(text, at, `unexpected character${within === "{" ? " inside braces" : ""}: '${char}'`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
