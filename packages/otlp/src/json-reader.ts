/**
 * Reads JSON from bytes token by token (RFC 8259), so that numbers keep their digits, strings go from text to wire without
 * being made, and no input can exhaust the stack. Nothing is allocated for a token that needs no thought.
 *
 * ```ts
 * if (json.enter(Byte.brace)) do { … } while (json.more(Byte.braceEnd));
 * ```
 */
import { isUtf8 } from "node:buffer";
import { Decimal } from "./decimal.ts";
import { escapeLength, HEX, putUtf8, unescaped } from "./json-escape.ts";
import { type KeyTable, startsWith } from "./key-table.ts";
import { WireError } from "./wire-error.ts";

/** How deep a value may nest that no field of OTLP takes and that is read over. */
export const JSON_DEPTH = 160;

/** The bytes that JSON is made of. */
export const Byte = {
  quote: 0x22,
  minus: 0x2d,
  comma: 0x2c,
  colon: 0x3a,
  bracket: 0x5b,
  backslash: 0x5c,
  bracketEnd: 0x5d,
  f: 0x66,
  n: 0x6e,
  t: 0x74,
  brace: 0x7b,
  braceEnd: 0x7d,
} as const;

const LITERALS = { true: Buffer.from("true"), false: Buffer.from("false"), null: Buffer.from("null") } as const;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Digits of a mantissa, and digits behind its point, with which one division rounds as the exact value would. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

/** A position in JSON text. Every method that reads moves behind what it read, and throws WireError where it cannot. */
export class JsonReader {
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  readonly #end: number;
  /** The integer that `integer` read. */
  readonly decimal = new Decimal();
  #pos = 0;

  /** Throws WireError when the bytes are not UTF-8. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!isUtf8(bytes)) throw new WireError("JSON is not UTF-8", 0);
  }

  /** Where the next token begins, or began. */
  get pos(): number {
    return this.#pos;
  }

  /** How many bytes are left: no string takes more of them on the wire. */
  get rest(): number {
    return this.#end - this.#pos;
  }

  /** The first byte of the value that comes next; 0 at the end. */
  peek(): number {
    const pos = this.#pos;
    if (pos < this.#end) {
      const byte = this.#bytes[pos] ?? 0;
      if (byte > 0x20) return byte;
    }
    return this.#overSpace();
  }

  /** Enters the object or array that begins with `open`; false, behind it, when nothing is in it. */
  enter(open: typeof Byte.brace | typeof Byte.bracket): boolean {
    if (this.peek() !== open) throw this.error(`"${String.fromCharCode(open)}" was expected`);
    this.#pos++;
    // Both closing brackets stand two behind the opening one.
    if (this.peek() !== open + 2) return true;
    this.#pos++;
    return false;
  }

  /** Moves on to the next member or element; false, behind `close`, when there is none. */
  more(close: typeof Byte.braceEnd | typeof Byte.bracketEnd): boolean {
    const byte = this.peek();
    if (byte !== Byte.comma && byte !== close) throw this.error(`"," or "${String.fromCharCode(close)}" was expected`);
    this.#pos++;
    return byte === Byte.comma;
  }

  /** Reads a key and its colon if the key is this one, quotes included; else moves nowhere. */
  keyIs(quoted: Uint8Array): boolean {
    this.peek();
    const stop = this.#pos + quoted.length;
    if (stop >= this.#end || !startsWith(this.#bytes, this.#pos, quoted)) return false;
    this.#pos = stop;
    this.#colon();
    return true;
  }

  /** Reads a key and its colon, and finds what the table has under it; undefined for other keys. */
  keyIn<T extends { readonly quoted: Uint8Array }>(table: KeyTable<T>): T | undefined {
    const start = this.#keyStart();
    const escaped = this.#overString();
    const found = escaped ? this.#unescapedKey(table, start) : table.find(this.#bytes, start, this.#pos);
    this.#colon();
    return found;
  }

  /** Reads a string. */
  string(): string {
    this.peek();
    const start = this.#pos;
    if (!this.#overString()) return this.#text.toString("utf8", start + 1, this.#pos - 1);
    const end = this.#pos;
    this.#pos = start;
    const out = Buffer.allocUnsafe(end - start);
    return out.toString("utf8", 0, this.copyString(out, 0));
  }

  /** Reads a string, writes it as UTF-8 at `at`, where `rest` bytes must have room, and returns the position behind it. */
  copyString(out: Uint8Array, at: number): number {
    if (this.peek() !== Byte.quote) throw this.error("a string was expected");
    const bytes = this.#bytes;
    const end = this.#end;
    let pos = this.#pos + 1;
    let to = at;
    while (pos < end) {
      const byte = bytes[pos] ?? 0;
      if (byte === Byte.quote) {
        this.#pos = pos + 1;
        return to;
      }
      if (byte < 0x20) throw this.error("a control character in a string");
      if (byte !== Byte.backslash) {
        out[to++] = byte;
        pos++;
        continue;
      }
      const point = unescaped(bytes, pos);
      if (point < 0) throw new WireError("a bad escape in a string", pos);
      pos += escapeLength(bytes, pos, point);
      to = putUtf8(out, to, point);
    }
    throw this.error("a string has no end");
  }

  /**
   * Reads digits in hex within quotes into `out` as `copyString` does; -1, and moves nowhere, when the value is anything else.
   */
  copyHex(out: Uint8Array, at: number): number {
    if (this.peek() !== Byte.quote) return -1;
    const bytes = this.#bytes;
    const end = this.#end;
    let to = at;
    for (let pos = this.#pos + 1; pos + 1 < end; pos += 2) {
      const first = bytes[pos] ?? 0;
      if (first === Byte.quote) {
        this.#pos = pos + 1;
        return to;
      }
      const pair = ((HEX[first] ?? -1) << 4) | (HEX[bytes[pos + 1] ?? 0] ?? -1);
      if (pair < 0) return -1;
      out[to++] = pair;
    }
    return -1;
  }

  /**
   * Reads an integer, in quotes or not, into `decimal`; false, and moves nowhere, when the value is not written as plain
   * digits or has more than 64 bits.
   */
  integer(): boolean {
    const quoted = this.peek() === Byte.quote;
    const start = quoted ? this.#pos + 1 : this.#pos;
    const bytes = this.#bytes;
    if (!this.decimal.read(bytes, start, this.#end)) return false;
    const { stop, negative } = this.decimal;
    const next = bytes[stop];
    if (quoted) {
      if (next !== Byte.quote) return false;
      this.#pos = stop + 1;
      return true;
    }
    const first = negative ? start + 1 : start;
    if (isNumberByte(next) || (bytes[first] === 0x30 && stop > first + 1)) return false;
    this.#pos = stop;
    return true;
  }

  /** Reads a number of up to fifteen digits without an exponent; undefined, and moves nowhere, when the value is another. */
  decimalFraction(): number | undefined {
    const negative = this.peek() === Byte.minus;
    const bytes = this.#bytes;
    const start = negative ? this.#pos + 1 : this.#pos;
    let pos = start;
    let point = -1;
    let mantissa = 0;
    for (; pos < this.#end; pos++) {
      const byte = bytes[pos] ?? 0;
      if (byte === 0x2e && point < 0 && pos > start) point = pos;
      else if (byte >= 0x30 && byte <= 0x39) mantissa = mantissa * 10 + (byte - 0x30);
      else break;
    }
    const fraction = point < 0 ? 0 : pos - point - 1;
    const whole = (point < 0 ? pos : point) - start;
    if (whole === 0 || (point >= 0 && fraction === 0) || (whole > 1 && bytes[start] === 0x30)) return undefined;
    if (whole + fraction > EXACT_DIGITS || isNumberByte(bytes[pos])) return undefined;
    this.#pos = pos;
    const value = mantissa / (POWERS[fraction] ?? 1);
    return negative ? -value : value;
  }

  /** Reads a number and returns its digits as they are written. */
  number(): string {
    this.peek();
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
    this.peek();
    const word = LITERALS[kind];
    for (let i = 0; i < word.length; i++) {
      if (this.#bytes[this.#pos + i] !== word[i]) throw this.error("a value was expected");
    }
    this.#pos += word.length;
  }

  /** Reads a value of any kind and forgets it. */
  skip(depth = 1): void {
    const first = this.peek();
    if (first === Byte.quote) this.#overString();
    else if (first === Byte.t) this.literal("true");
    else if (first === Byte.f) this.literal("false");
    else if (first === Byte.n) this.literal("null");
    else if (first !== Byte.brace && first !== Byte.bracket) this.number();
    else if (depth > JSON_DEPTH) throw this.error(`JSON nested deeper than ${JSON_DEPTH}`);
    else if (this.enter(first)) {
      const close = first === Byte.brace ? Byte.braceEnd : Byte.bracketEnd;
      do {
        if (first === Byte.brace) this.#overKey();
        this.skip(depth + 1);
      } while (this.more(close));
    }
  }

  /** Throws unless everything was read. */
  end(): void {
    this.peek();
    if (this.#pos < this.#end) throw this.error("something follows the JSON value");
  }

  /** A WireError for the current position. */
  error(problem: string): WireError {
    return new WireError(problem, this.#pos);
  }

  #overKey(): void {
    this.#keyStart();
    this.#overString();
    this.#colon();
  }

  #keyStart(): number {
    if (this.peek() !== Byte.quote) throw this.error("a key was expected");
    return this.#pos;
  }

  /** Looks up a key that is spelled with escapes, from `start` to here. */
  #unescapedKey<T extends { readonly quoted: Uint8Array }>(table: KeyTable<T>, start: number): T | undefined {
    const end = this.#pos;
    this.#pos = start;
    const quoted = Buffer.alloc(end - start, Byte.quote);
    const stop = this.copyString(quoted, 1) + 1;
    quoted[stop - 1] = Byte.quote;
    return table.find(quoted, 0, stop);
  }

  #overSpace(): number {
    for (; this.#pos < this.#end; this.#pos++) {
      const byte = this.#bytes[this.#pos] ?? 0;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return 0;
  }

  #colon(): void {
    if (this.peek() !== Byte.colon) throw this.error('":" was expected');
    this.#pos++;
  }

  /** Moves over a string; whether anything in it is escaped. */
  #overString(): boolean {
    if (this.peek() !== Byte.quote) throw this.error("a string was expected");
    const bytes = this.#bytes;
    const end = this.#end;
    let escaped = false;
    for (let pos = this.#pos + 1; pos < end; pos++) {
      const byte = bytes[pos] ?? 0;
      if (byte === Byte.quote) {
        this.#pos = pos + 1;
        return escaped;
      }
      if (byte < 0x20) throw this.error("a control character in a string");
      if (byte !== Byte.backslash) continue;
      const point = unescaped(bytes, pos);
      if (point < 0) throw new WireError("a bad escape in a string", pos);
      escaped = true;
      pos += escapeLength(bytes, pos, point) - 1;
    }
    throw this.error("a string has no end");
  }
}

/** Whether the byte can stand in a number: digits, sign, point and exponent. */
function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2b || byte === 0x2e || (byte | 0x20) === 0x65;
}
