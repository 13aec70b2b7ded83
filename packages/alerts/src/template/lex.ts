/** Cuts a template into text and the tokens between `{{` and `}}` (Go: text/template/parse, lex.go). */
import { unquote } from "@rondo/promql";

/** What a template cannot be, and where. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

/** `word` is an identifier or keyword; `field` is `.Name`; `variable` is `$name` or `$`; `mark` is an operator or bracket. */
export interface Token {
  readonly kind: "text" | "open" | "close" | "word" | "field" | "variable" | "number" | "string" | "mark" | "space";
  /** Strings are unquoted here, fields without their dot. */
  readonly text: string;
  /** Offset into the template. */
  readonly at: number;
}

const SPACES = /[ \t\r\n]+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
const QUOTED = /"(?:[^"\\\n]|\\.)*"/y;
const RAW = /`[^`]*`/y;
const COMMENT = /\/\*[\s\S]*?\*\//y;
const MARK = /:=|[=|,().]/y;

/** The tokens of a template. Throws a TemplateError that names line and column. */
export function lexTemplate(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at <= source.length) {
    const open = source.indexOf("{{", at);
    const end = open < 0 ? source.length : open;
    const trimHere = open >= 0 && /^-[ \t\r\n]/.test(source.slice(open + 2, open + 4));
    let text = source.slice(at, end);
    if (trimNext) text = text.trimStart();
    if (trimHere) text = text.trimEnd();
    if (text !== "") tokens.push({ kind: "text", text, at });
    if (open < 0) return tokens;
    const inside = new Action(source, open, open + (trimHere ? 3 : 2));
    const isComment = inside.readComment();
    if (!isComment) tokens.push(...inside.read());
    at = inside.at;
    trimNext = inside.trims;
  }
  return tokens;
}

/** One `{{ … }}`. */
class Action {
  readonly #source: string;
  readonly #open: number;
  at: number;
  trims = false;

  constructor(source: string, open: number, at: number) {
    this.#source = source;
    this.#open = open;
    this.at = at;
  }

  /** A comment is the whole action or none of it. */
  readComment(): boolean {
    const start = this.at;
    this.#match(SPACES);
    if (this.#match(COMMENT) === undefined) {
      this.at = start;
      return false;
    }
    if (this.#close() === undefined) throw this.#fault("a comment ends with */}}");
    return true;
  }

  read(): readonly Token[] {
    const tokens: Token[] = [{ kind: "open", text: "{{", at: this.#open }];
    for (;;) {
      const close = this.#close();
      if (close !== undefined) return [...tokens, close];
      if (this.at >= this.#source.length)
        throw new TemplateError(`${placeIn(this.#source, this.#open)}: unclosed action`);
      tokens.push(this.#token());
    }
  }

  #token(): Token {
    const at = this.at;
    const space = this.#match(SPACES);
    if (space !== undefined) return { kind: "space", text: space, at };
    const number = this.#match(NUMBER);
    if (number !== undefined) return { kind: "number", text: number, at };
    const first = this.#source[at];
    if (first === "$" || first === ".") {
      this.at++;
      const name = this.#match(WORD);
      if (first === "$") return { kind: "variable", text: `$${name ?? ""}`, at };
      return name === undefined ? { kind: "mark", text: ".", at } : { kind: "field", text: name, at };
    }
    const word = this.#match(WORD);
    if (word !== undefined) return { kind: "word", text: word, at };
    const quoted = this.#match(QUOTED);
    if (quoted !== undefined) return { kind: "string", text: this.#unquote(quoted, at), at };
    const raw = this.#match(RAW);
    if (raw !== undefined) return { kind: "string", text: raw.slice(1, -1), at };
    const mark = this.#match(MARK);
    if (mark !== undefined) return { kind: "mark", text: mark, at };
    throw this.#fault(first === '"' ? "unterminated quoted string" : `unexpected ${JSON.stringify(first)}`);
  }

  #close(): Token | undefined {
    const at = this.at;
    const found = /(?:[ \t\r\n]+-)?\}\}/y;
    found.lastIndex = at;
    const text = found.exec(this.#source)?.[0];
    if (text === undefined) return undefined;
    this.at += text.length;
    this.trims = text.length > 2;
    return { kind: "close", text: "}}", at };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.#source)?.[0];
    if (text !== undefined) this.at += text.length;
    return text;
  }

  #unquote(quoted: string, at: number): string {
    const text = unquote(quoted);
    if (text !== undefined) return text;
    throw new TemplateError(`${placeIn(this.#source, at)}: ${quoted} has an escape that Go does not know`);
  }

  #fault(message: string): TemplateError {
    return new TemplateError(`${placeIn(this.#source, this.at)}: ${message}`);
  }
}

/** `line:column` of an offset, both from 1. */
export function placeIn(source: string, offset: number): string {
  const before = source.slice(0, offset);
  return `${before.split("\n").length}:${offset - before.lastIndexOf("\n")}`;
}
