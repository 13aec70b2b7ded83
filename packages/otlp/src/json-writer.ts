/** Writes JSON as UTF-8 into a buffer that grows. Commas and brackets are the caller's to get right. */
import { isUtf8 } from "node:buffer";
import { type Decimal, putDecimal, putDigits } from "./decimal.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
/** The longest number: a double with its sign, seventeen digits and an exponent. */
const NUMBER_BYTES = 32;
/** The longest escape, \u001f. */
const ESCAPE_BYTES = 6;

const HEX_DIGITS = Buffer.from("0123456789abcdef");

/** The letter behind the backslash for the control characters that have one, 0 for the others. */
const SHORT: Uint8Array = new Uint8Array(0x20);
for (const [control, letter] of Object.entries({ "\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r" })) {
  SHORT[control.charCodeAt(0)] = letter.charCodeAt(0);
}

/** Appends JSON; `finish` gives it. */
export class JsonWriter {
  #out: Buffer;
  #pos = 0;
  /** Whether a list has just begun. Whatever is written inside an element ends it for good. */
  #empty = false;

  /** `capacity` is a guess in bytes; the buffer doubles when it is full. */
  constructor(capacity: number) {
    this.#out = Buffer.allocUnsafeSlow(capacity);
  }

  /** One byte: a bracket, comma or colon. */
  byte(value: number): void {
    this.#room(1)[this.#pos++] = value;
  }

  /** A key and its colon; `first` is whether nothing stands before it in its object. */
  key(quoted: DataView, first: boolean): void {
    const size = quoted.byteLength;
    const out = this.#room(size + 2);
    let to = this.#pos;
    if (!first) out[to++] = COMMA;
    // Names are too short for `set`, which is a call into the engine.
    for (let i = 0; i < size; i++) out[to++] = quoted.getUint8(i);
    out[to++] = COLON;
    this.#pos = to;
  }

  /** Begins a list. */
  openList(): void {
    this.byte(BRACKET);
    this.#empty = true;
  }

  /** Begins an element: the comma before all but the first. */
  element(): void {
    if (!this.#empty) this.byte(COMMA);
    this.#empty = false;
  }

  /** Ends a list. */
  closeList(): void {
    this.byte(BRACKET_END);
    this.#empty = false;
  }

  /** Bytes that are JSON already. */
  raw(bytes: Uint8Array): void {
    const out = this.#room(bytes.length);
    const at = this.#pos;
    for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i] ?? 0;
    this.#pos = at + bytes.length;
  }

  /** A string, given as UTF-8; what is none becomes U+FFFD, as in every reader of text. */
  string(bytes: Uint8Array, start: number, stop: number): void {
    const before = this.#pos;
    let out = this.#room(stop - start + 2);
    let to = before;
    out[to++] = QUOTE;
    let letters = 0;
    for (let pos = start; pos < stop; pos++) {
      const byte = bytes[pos] ?? 0;
      letters |= byte;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
        out[to++] = byte;
        continue;
      }
      this.#pos = to;
      out = this.#room(stop - pos + ESCAPE_BYTES);
      to = putEscape(out, to, byte);
    }
    out[to++] = QUOTE;
    this.#pos = to;
    if (letters < 0x80 || isUtf8(bytes.subarray(start, stop))) return;
    this.#pos = before;
    const repaired = Buffer.from(Buffer.from(bytes.subarray(start, stop)).toString("utf8"));
    this.string(repaired, 0, repaired.length);
  }

  /** Bytes in lower-case hex. */
  hex(bytes: Uint8Array, start: number, stop: number): void {
    const out = this.#room((stop - start) * 2 + 2);
    let to = this.#pos;
    out[to++] = QUOTE;
    for (let pos = start; pos < stop; pos++) {
      const byte = bytes[pos] ?? 0;
      out[to++] = HEX_DIGITS[byte >>> 4] ?? 0;
      out[to++] = HEX_DIGITS[byte & 15] ?? 0;
    }
    out[to++] = QUOTE;
    this.#pos = to;
  }

  /** Bytes in base64, padded. */
  base64(bytes: Uint8Array, start: number, stop: number): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString("base64");
    this.#ascii(`"${text}"`);
  }

  /** An integer, in quotes or not. */
  integer(value: Decimal, quoted: boolean): void {
    const out = this.#room(NUMBER_BYTES);
    let to = this.#pos;
    if (quoted) out[to++] = QUOTE;
    if (value.negative) out[to++] = MINUS;
    to = putDecimal(out, to, value.high, value.low);
    if (quoted) out[to++] = QUOTE;
    this.#pos = to;
  }

  /** A double, which reads back as the same one; those that JSON lacks are strings. */
  double(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) {
      this.#pos = putDigits(this.#room(NUMBER_BYTES), this.#pos, value);
    } else if (Number.isFinite(value)) this.#ascii(Object.is(value, -0) ? "-0" : String(value));
    else this.#ascii(`"${value}"`);
  }

  /** What was written, not copied. */
  finish(): Buffer {
    return this.#out.subarray(0, this.#pos);
  }

  #ascii(text: string): void {
    this.#room(text.length);
    this.#pos += this.#out.write(text, this.#pos, "latin1");
  }

  /** The buffer, with room for so many bytes behind `#pos`. */
  #room(bytes: number): Buffer {
    if (this.#pos + bytes > this.#out.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#pos + bytes));
      this.#out.copy(grown, 0, 0, this.#pos);
      this.#out = grown;
    }
    return this.#out;
  }
}

function putEscape(out: Uint8Array, at: number, byte: number): number {
  let to = at;
  out[to++] = BACKSLASH;
  const letter = byte < 0x20 ? SHORT[byte] : byte;
  if (letter) out[to++] = letter;
  else {
    out[to++] = 0x75;
    out[to++] = 0x30;
    out[to++] = 0x30;
    out[to++] = HEX_DIGITS[byte >>> 4] ?? 0;
    out[to++] = HEX_DIGITS[byte & 15] ?? 0;
  }
  return to;
}
