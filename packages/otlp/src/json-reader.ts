/** Reads JSON from bytes token by token (RFC 8259), so that numbers keep their digits and no input can exhaust the stack. */
import { isUtf8 } from "node:buffer";
import { WireError } from "./wire-error.ts";

/** How deep JSON may nest: 32 levels of OTLP values take four each, and the request around them ten. */
export const JSON_DEPTH = 160;

/** What a value begins with. */
export type JsonKind = "object" | "array" | "string" | "number" | "true" | "false" | "null";

const LITERALS = { true: "true", false: "false", null: "null" } as const;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Keys that are remembered at a time; a power of two. */
const KEY_SLOTS = 256;

interface Token {
  start: number;
  stop: number;
  escaped: boolean;
}

/** A position in JSON text. Every method that reads moves behind what it read, and throws WireError where it cannot. */
export class JsonReader {
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  #pos = 0;
  #depth = 0;
  readonly #string: Token = { start: 0, stop: 0, escaped: false };
  readonly #keys: string[] = new Array(KEY_SLOTS);

  /** Throws WireError when the bytes are not UTF-8. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!isUtf8(bytes)) throw new WireError("JSON is not UTF-8", 0);
  }

  /** Where the next token begins, or began. */
  get pos(): number {
    return this.#pos;
  }

  /** The kind of the value that comes next. */
  peek(): JsonKind {
    switch (this.#skipSpace()) {
      case 0x7b:
        return "object";
      case 0x5b:
        return "array";
      case QUOTE:
        return "string";
      case 0x74:
        return "true";
      case 0x66:
        return "false";
      case 0x6e:
        return "null";
      default:
        return "number";
    }
  }

  /** Calls `member` for every member of an object; it must read the value. */
  object(member: (key: string) => void): void {
    this.#list(0x7b, 0x7d, () => {
      if (this.#skipSpace() !== QUOTE) throw this.error("a key was expected");
      const key = this.#key();
      this.#expect(0x3a, ":");
      member(key);
    });
  }

  /** Calls `element` for every element of an array; it must read the value. */
  array(element: (index: number) => void): void {
    let index = 0;
    this.#list(0x5b, 0x5d, () => element(index++));
  }

  /** Reads a string. */
  string(): string {
    const { start, stop, escaped } = this.#token();
    return escaped ? this.#unescape(start, stop) : this.#text.toString("utf8", start, stop);
  }

  /** Reads a string as UTF-8, not copied where nothing in it is escaped. Lone surrogates become U+FFFD. */
  stringBytes(): Uint8Array {
    const { start, stop, escaped } = this.#token();
    return escaped ? Buffer.from(this.#unescape(start, stop), "utf8") : this.#bytes.subarray(start, stop);
  }

  /** Reads a key. Few occur, and often: their texts are kept, as many as there are slots. */
  #key(): string {
    const { start, stop, escaped } = this.#token();
    if (escaped) return this.#unescape(start, stop);
    const bytes = this.#bytes;
    const slot = ((stop - start) * 31 + (bytes[start] ?? 0) * 7 + (bytes[stop - 1] ?? 0)) & (KEY_SLOTS - 1);
    const kept = this.#keys[slot];
    if (kept !== undefined && kept.length === stop - start) {
      let i = 0;
      while (i < kept.length && kept.charCodeAt(i) === bytes[start + i]) i++;
      if (i === kept.length) return kept;
    }
    const key = this.#text.toString("utf8", start, stop);
    this.#keys[slot] = key;
    return key;
  }

  /** Moves over a string: where it begins and ends within its quotes, in an object that the next call changes. */
  #token(): Token {
    if (this.#skipSpace() !== QUOTE) throw this.error("a string was expected");
    const bytes = this.#bytes;
    const token = this.#string;
    token.start = this.#pos + 1;
    token.escaped = false;
    let pos = token.start;
    for (; ; pos++) {
      const byte = bytes[pos];
      if (byte === QUOTE) break;
      if (byte === undefined) throw this.error("a string has no end");
      if (byte < 0x20) throw this.error("a control character in a string");
      if (byte === BACKSLASH) {
        token.escaped = true;
        pos++;
      }
    }
    token.stop = pos;
    this.#pos = pos + 1;
    return token;
  }

  /** Only the escapes are left to the platform's parser; the token is known to be one string. */
  #unescape(start: number, stop: number): string {
    try {
      return String(JSON.parse(this.#text.toString("utf8", start - 1, stop + 1)));
    } catch {
      throw new WireError("a bad escape in a string", start - 1);
    }
  }

  /** Reads a number and returns its digits as they are written. */
  number(): string {
    this.#skipSpace();
    let stop = this.#pos;
    while (isNumberByte(this.#bytes[stop])) stop++;
    const token = this.#text.toString("latin1", this.#pos, stop);
    NUMBER.lastIndex = 0;
    if (!NUMBER.test(token) || NUMBER.lastIndex !== token.length) throw this.error("a value was expected");
    this.#pos = stop;
    return token;
  }

  /** Reads true, false or null. */
  literal(kind: keyof typeof LITERALS): void {
    this.#skipSpace();
    const word = LITERALS[kind];
    if (this.#text.toString("latin1", this.#pos, this.#pos + word.length) !== word) {
      throw this.error("a value was expected");
    }
    this.#pos += word.length;
  }

  /** Reads a value of any kind and forgets it. */
  skip(): void {
    const kind = this.peek();
    if (kind === "object") this.object(() => this.skip());
    else if (kind === "array") this.array(() => this.skip());
    else if (kind === "string") this.string();
    else if (kind === "number") this.number();
    else this.literal(kind);
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#skipSpace() !== undefined) throw this.error("something follows the JSON value");
  }

  /** A WireError for the current position. */
  error(problem: string): WireError {
    return new WireError(problem, this.#pos);
  }

  #list(open: number, close: number, read: () => void): void {
    this.#expect(open, String.fromCharCode(open));
    if (++this.#depth > JSON_DEPTH) throw this.error(`JSON nested deeper than ${JSON_DEPTH}`);
    if (this.#skipSpace() === close) this.#pos++;
    else {
      for (;;) {
        read();
        const next = this.#skipSpace();
        if (next !== close && next !== 0x2c) throw this.error(`"," or "${String.fromCharCode(close)}" was expected`);
        this.#pos++;
        if (next === close) break;
      }
    }
    this.#depth--;
  }

  #expect(byte: number, what: string): void {
    if (this.#skipSpace() !== byte) throw this.error(`"${what}" was expected`);
    this.#pos++;
  }

  /** Moves to the next byte that is not white space, and returns it. */
  #skipSpace(): number | undefined {
    for (;;) {
      const byte = this.#bytes[this.#pos];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#pos++;
    }
  }
}

/** Whether the byte can stand in a number: digits, sign, point and exponent. */
function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2b || byte === 0x2e || (byte | 0x20) === 0x65;
}
