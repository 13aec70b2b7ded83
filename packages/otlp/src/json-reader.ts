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
import { type KeyTable, type Quoted, startsWith, viewOf } from "./key-table.ts";
import { WireError } from "./wire-error.ts";
import { Writer } from "./writer.ts";

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
/** Digits before the point that are always less than the greatest double. */
const WHOLE_DIGITS = 308;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

/** A position in JSON text. Every method that reads moves behind what it read, and throws WireError where it cannot. */
export class JsonReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text: Buffer;
  readonly #end: number;
  /** The integer that `integer` read. */
  readonly decimal = new Decimal();
  /** Where escapes are undone: memory for each string of many would take longer than all the rest. */
  readonly #scratch = new Writer();
  #pos = 0;

  /** Throws WireError when the bytes are not UTF-8. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
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
    if (this.#bytes[this.#pos] !== open && this.peek() !== open) {
      throw this.error(open === Byte.brace ? "an object was expected" : "an array was expected");
    }
    this.#pos++;
    // Both closing brackets stand two behind the opening one.
    if (this.peek() !== open + 2) return true;
    this.#pos++;
    return false;
  }

  /** Moves to the next member or element; false, behind `close`, when there is none. */
  more(close: typeof Byte.braceEnd | typeof Byte.bracketEnd): boolean {
    const byte = this.peek();
    if (byte !== Byte.comma && byte !== close) throw this.error(`"," or "${String.fromCharCode(close)}" was expected`);
    this.#pos++;
    if (byte === close) return false;
    this.peek();
    return true;
  }

  /** Reads a key and its colon if the key is this one, quotes included; else moves nowhere. Call it where a key begins. */
  keyIs(quoted: DataView): boolean {
    const stop = this.#pos + quoted.byteLength;
    if (stop >= this.#end || !startsWith(this.#view, this.#pos, quoted)) return false;
    this.#pos = stop;
    this.#colon();
    return true;
  }

  /** Reads a key and its colon, and finds what the table has under it; undefined for other keys. */
  keyIn<T extends Quoted>(table: KeyTable<T>): T | undefined {
    const start = this.#keyStart();
    const escaped = this.#overString();
    const found = escaped ? this.#unescapedKey(table, start) : table.find(this.#view, start, this.#pos);
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
    const out = this.#scratch.rewind(0);
    this.copyString(out, end);
    return Buffer.from(out.view.buffer, 0, out.length).toString("utf8");
  }

  /**
   * Reads a string, appends it as UTF-8, and returns how many bytes it has there: never more than in the text. Room is made
   * for all up to `end`, which is the end of the text for one whose writer has that room already.
   */
  copyString(out: Writer, end: number = this.#end): number {
    if (this.peek() !== Byte.quote) throw this.error("a string was expected");
    const text = this.#view;
    let pos = this.#pos + 1;
    const bytes = out.room(end - pos);
    const target = out.view;
    const start = out.length;
    let to = start;
    while (pos < end) {
      if (pos + 4 <= end) {
        // Four bytes at a time, until one of them needs a look; what was written behind it is written over.
        const word = text.getInt32(pos, true);
        target.setInt32(to, word, true);
        const stops = stopsIn(word);
        const plain = stops === 0 ? 4 : (31 - Math.clz32(stops & -stops)) >>> 3;
        pos += plain;
        to += plain;
        if (stops === 0) continue;
      }
      const byte = text.getUint8(pos);
      if (byte === Byte.quote) {
        this.#pos = pos + 1;
        out.moved(to);
        return to - start;
      }
      if (byte < 0x20 || byte === Byte.backslash) {
        const point = this.#unescaped(pos);
        pos += escapeLength(this.#bytes, pos, point);
        to = putUtf8(bytes, to, point);
      } else {
        target.setUint8(to++, byte);
        pos++;
      }
    }
    throw this.error("a string has no end");
  }

  /** The code point of the escape at `pos`. Throws WireError where there is none. */
  #unescaped(pos: number): number {
    if (this.#bytes[pos] !== Byte.backslash) throw this.error("a control character in a string");
    const point = unescaped(this.#bytes, pos);
    if (point < 0) throw new WireError("a bad escape in a string", pos);
    return point;
  }

  /** Reads digits in hex within quotes and appends their bytes; false, and nothing is read, when the value is anything else. */
  copyHex(out: Writer): boolean {
    if (this.peek() !== Byte.quote) return false;
    const bytes = this.#bytes;
    const end = this.#end;
    const target = out.room(end - this.#pos);
    let to = out.length;
    for (let pos = this.#pos + 1; pos + 1 < end; pos += 2) {
      const first = bytes[pos] ?? 0;
      if (first === Byte.quote) {
        this.#pos = pos + 1;
        out.moved(to);
        return true;
      }
      const pair = ((HEX[first] ?? -1) << 4) | (HEX[bytes[pos + 1] ?? 0] ?? -1);
      if (pair < 0) return false;
      target[to++] = pair;
    }
    return false;
  }

  /**
   * Reads an integer, in quotes or not, into `decimal`; false, and moves nowhere, when the value is not written as plain
   * digits or has more than 64 bits.
   */
  integer(): boolean {
    const quoted = this.peek() === Byte.quote;
    const start = quoted ? this.#pos + 1 : this.#pos;
    const bytes = this.#bytes;
    if (!this.decimal.read(this.#view, start, this.#end)) return false;
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

  /** Reads a number without an exponent; undefined, and moves nowhere, when the value is another. */
  decimalFraction(): number | undefined {
    const negative = this.peek() === Byte.minus;
    const bytes = this.#bytes;
    const end = this.#end;
    const start = negative ? this.#pos + 1 : this.#pos;
    let pos = start;
    let point = -1;
    let mantissa = 0;
    for (; pos < end; pos++) {
      const byte = bytes[pos] ?? 0;
      if (byte >= 0x30 && byte <= 0x39) mantissa = mantissa * 10 + (byte - 0x30);
      else if (byte === 0x2e && point < 0) point = pos;
      else break;
    }
    const whole = (point < 0 ? pos : point) - start;
    const fraction = point < 0 ? 0 : pos - point - 1;
    if (whole === 0 || (point >= 0 && fraction === 0) || (whole > 1 && bytes[start] === 0x30)) return undefined;
    if (isNumberByte(bytes[pos])) return undefined;
    // Only a name says infinity: the digits of no double come to it.
    if (whole > WHOLE_DIGITS) return undefined;
    const from = this.#pos;
    this.#pos = pos;
    if (whole + fraction > EXACT_DIGITS) return Number(this.#text.toString("latin1", from, pos));
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
  #unescapedKey<T extends Quoted>(table: KeyTable<T>, start: number): T | undefined {
    const end = this.#pos;
    this.#pos = start;
    const out = this.#scratch.rewind(0).varint(Byte.quote);
    this.copyString(out, end);
    out.varint(Byte.quote);
    return table.find(out.view, 0, out.length);
  }

  #overSpace(): number {
    for (; this.#pos < this.#end; this.#pos++) {
      const byte = this.#bytes[this.#pos] ?? 0;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return 0;
  }

  #colon(): void {
    if (this.#bytes[this.#pos] !== Byte.colon && this.peek() !== Byte.colon) throw this.error('":" was expected');
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
      const point = this.#unescaped(pos);
      escaped = true;
      pos += escapeLength(bytes, pos, point) - 1;
    }
    throw this.error("a string has no end");
  }
}

/** The top bit of each byte of a word, of which the lowest one set is that of the first quote, backslash or control. */
function stopsIn(word: number): number {
  // Subtracting one from a zero byte borrows from its top bit: Hacker's Delight, "Find First 0-Byte".
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const low =
    ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes) | ((word - 0x20202020) & ~word);
  return low & 0x80808080;
}

/** Whether the byte can stand in a number: digits, sign, point and exponent. */
function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2b || byte === 0x2e || (byte | 0x20) === 0x65;
}
