/** OTLP/JSON to protobuf, in one pass from text to bytes: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
import { VALUE_DEPTH } from "./any-value.ts";
import { Wire } from "./cursor.ts";
import { spelledInteger } from "./decimal.ts";
import { Byte, JsonReader } from "./json-reader.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { type Field, type IntegerType, isId, type Message, messageOf } from "./schema.ts";
import type { Signal } from "./signal.ts";
import { SizeError, WireError } from "./wire-error.ts";
import { varintSize, Writer } from "./writer.ts";

/**
 * The request in protobuf. Accepts what the specification asks of receivers: names in lowerCamelCase, unknown ones ignored
 * and so the original field names too, null as absent, ids in hex of either case, other bytes in base64 (also url-safe,
 * padded or not), enums as integers, 64-bit integers as strings or numbers, "NaN", "Infinity" and "-Infinity"; and names of
 * enums, as the Collector does. Of a name that comes twice the last value counts, and lists and messages are joined, as of
 * fields on the wire. Throws WireError, with the path and the byte of the text, for anything else and for values nested
 * deeper than VALUE_DEPTH. Ids of a wrong length and the like pass; they are for `validateRequest` to find.
 *
 * The result can have four bytes for each byte of text, since a bucket count or bound, `1,`, takes eight; real requests
 * shrink to half. It is all of its memory, however much the text was padded. Throws SizeError as soon as it would have more than `maxBytes`.
 */
export function requestFromJson(signal: Signal, text: Uint8Array, maxBytes = Number.POSITIVE_INFINITY): Uint8Array {
  return new RequestReader(text, maxBytes).read(messageOf(SIGNAL_MESSAGES[signal].request));
}

class RequestReader {
  readonly #json: JsonReader;
  readonly #out: Writer;
  readonly #maxBytes: number;
  /** The field or index at each level down to the current value. */
  readonly #path: (Field | number | undefined)[] = [];
  #level = -1;
  /** The field that last came after a field, or first in a message, by its id: most texts repeat themselves. */
  readonly #next: (Field | undefined)[] = [];
  /** The one that came there before that. */
  readonly #other: (Field | undefined)[] = [];
  /** How many bytes the length of a message took last, by its id. */
  readonly #kept: number[] = [];

  constructor(text: Uint8Array, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#json = new JsonReader(text);
    // No string, id or message is longer than its text, so that this grows for numbers at most.
    this.#out = new Writer(text.length + 16);
  }

  read(message: Message): Uint8Array {
    try {
      this.#message(message, 0);
      this.#json.end();
    } catch (error) {
      if (!(error instanceof WireError) || error.path !== "") throw error;
      throw new WireError(error.problem, error.offset, this.#where());
    }
    return this.#out.finishExact();
  }

  #where(): string {
    const parts = this.#path.slice(0, this.#level + 1).filter((part) => part !== undefined);
    const path = parts.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${part.name}`));
    return path.join("") || "request";
  }

  #message(message: Message, depth: number): void {
    const json = this.#json;
    if (depth > VALUE_DEPTH + 1) throw json.error(`values nested deeper than ${VALUE_DEPTH}`);
    const level = ++this.#level;
    this.#path[level] = undefined;
    let before = message.id;
    if (json.enter(Byte.brace)) {
      do {
        const field = this.#field(message, before);
        if (field === undefined) json.skip();
        else {
          before = field.id;
          this.#path[level] = field;
          if (json.peek() === Byte.n) json.literal("null");
          else if (field.repeated) this.#repeated(field, depth);
          else if (field.message) this.#nested(field.number, field.message, depth);
          else this.#single(field);
          if (this.#out.length > this.#maxBytes) throw new SizeError(this.#maxBytes);
        }
      } while (json.more(Byte.braceEnd));
    }
    this.#level = level - 1;
  }

  /** Reads a key: the field of the message, undefined for a name that it does not have. */
  #field(message: Message, before: number): Field | undefined {
    const json = this.#json;
    const expected = this.#next[before];
    if (expected !== undefined) {
      if (json.keyIs(expected.quoted)) return expected;
      // Two that take turns, such as kinds of values.
      const other = this.#other[before];
      if (other !== undefined && json.keyIs(other.quoted)) return other;
    }
    const field = json.keyIn(message.byKey);
    if (field !== undefined) {
      this.#other[before] = expected;
      this.#next[before] = field;
    }
    return field;
  }

  #nested(number: number, message: Message, depth: number): void {
    const kept = this.#kept[message.id] ?? 1;
    const start = this.#out.open(number, kept);
    this.#message(message, message.name === "AnyValue" ? depth + 1 : depth);
    const size = varintSize(this.#out.length - start);
    if (size !== kept) this.#kept[message.id] = size;
    this.#out.close(start, kept);
  }

  #repeated(field: Field, depth: number): void {
    const json = this.#json;
    const { message } = field;
    // Numbers are packed, as proto3 has it; messages and strings are not.
    const packed = message === undefined && field.wire !== Wire.bytes ? this.#out.open(field.number) : -1;
    const level = ++this.#level;
    let index = 0;
    if (json.enter(Byte.bracket)) {
      do {
        this.#path[level] = index++;
        if (message) this.#nested(field.number, message, depth);
        else if (packed < 0) this.#string(field.number);
        else this.#number(field);
        if (this.#out.length > this.#maxBytes) throw new SizeError(this.#maxBytes);
      } while (json.more(Byte.bracketEnd));
    }
    this.#level = level - 1;
    if (packed >= 0) this.#out.close(packed);
  }

  #single(field: Field): void {
    const out = this.#out;
    const mark = out.length;
    let isDefault: boolean;
    if (field.kind === "string") isDefault = this.#string(field.number) === 0;
    else if (field.kind === "bytes") isDefault = (isId(field) ? this.#hex(field) : this.#base64(field)) === 0;
    else {
      out.tag(field.number, field.wire);
      isDefault = this.#number(field);
    }
    if (isDefault && field.implicit) out.rewind(mark);
  }

  /** Writes a text and returns its length in bytes. */
  #string(number: number): number {
    const out = this.#out;
    const start = out.open(number);
    const length = this.#json.copyString(out);
    out.close(start);
    return length;
  }

  #hex(field: Field): number {
    const json = this.#json;
    const out = this.#out;
    const start = out.open(field.number);
    if (json.copyHex(out)) {
      const length = out.length - start;
      out.close(start);
      return length;
    }
    const { text, at } = this.#text();
    if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new WireError("an id is not hexadecimal", at);
    out.raw(Buffer.from(text, "hex")).close(start);
    return text.length;
  }

  #base64(field: Field): number {
    const { text, at } = this.#text();
    const digits = /^([A-Za-z0-9+/_-]*)={0,2}$/.exec(text)?.[1]?.length;
    // Six bits are no byte.
    if (digits === undefined || digits % 4 === 1) throw new WireError("bytes are not base64", at);
    const value = Buffer.from(text, "base64");
    this.#out.bytes(field.number, value);
    return value.length;
  }

  #text(): { readonly text: string; readonly at: number } {
    const at = this.#json.pos;
    if (this.#json.peek() !== Byte.quote) throw this.#json.error("a string was expected");
    return { text: this.#json.string(), at };
  }

  /** Writes a number or boolean without its tag; returns whether it is zero or false. */
  #number(field: Field): boolean {
    const { integer } = field;
    if (integer === undefined) return field.kind === "bool" ? this.#bool() : this.#double();
    const json = this.#json;
    const out = this.#out;
    const at = json.pos;
    const { decimal } = json;
    if (!json.integer()) decimal.set(this.#integer(field, integer));
    const { negative, high, low } = decimal;
    if (!fits(integer, negative, high, low)) throw misfit(integer, at);
    if (integer.zigzag) out.varint(negative ? low * 2 - 1 : low * 2);
    else if (!negative) putBits(out, integer, high, low);
    // The two's complement.
    else putBits(out, integer, (~high + (low === 0 ? 1 : 0)) >>> 0, -low >>> 0);
    return low === 0 && high === 0;
  }

  #bool(): boolean {
    const first = this.#json.peek();
    if (first !== Byte.t && first !== Byte.f) throw this.#json.error("true or false was expected");
    this.#json.literal(first === Byte.t ? "true" : "false");
    this.#out.varint(first === Byte.t ? 1 : 0);
    return first === Byte.f;
  }

  #double(): boolean {
    const value = this.#json.decimalFraction() ?? this.#spelledDouble();
    this.#out.double(value);
    return Object.is(value, 0);
  }

  /** A double with an exponent, within quotes, or with a name. */
  #spelledDouble(): number {
    const at = this.#json.pos;
    const text = this.#numeral();
    const named = Object.hasOwn(NAMED, text) ? NAMED[text] : undefined;
    const value = named ?? (NUMERAL.test(text) ? Number(text) : Number.NaN);
    if (named === undefined && !Number.isFinite(value)) throw new WireError("a number was expected", at);
    return value;
  }

  /** An integer that is spelled another way than in digits: by the name of an enum, as 5.0 or 5e3. */
  #integer(field: Field, type: IntegerType): bigint | number {
    const at = this.#json.pos;
    const quoted = this.#json.peek() === Byte.quote;
    const text = this.#numeral();
    const named = quoted ? field.numbers?.get(text) : undefined;
    if (named !== undefined) return named;
    const value = spelledInteger(text);
    if (value === undefined) throw new WireError("an integer was expected", at);
    if (typeof value === "number") return value;
    if (BigInt.asUintN(64, value < 0n ? -value : value) !== (value < 0n ? -value : value)) throw misfit(type, at);
    return value;
  }

  #numeral(): string {
    const first = this.#json.peek();
    if (first === Byte.quote) return this.#json.string();
    if (first !== Byte.minus && (first < 0x30 || first > 0x39)) throw this.#json.error("a number was expected");
    return this.#json.number();
  }
}

function putBits(out: Writer, { fixed, bits }: IntegerType, high: number, low: number): void {
  if (!fixed) out.varintHalves(high, low);
  else if (bits === 32) out.fixed32(low);
  else out.fixedHalves(high, low);
}

/** Whether an integer has so many bits, one of them its sign unless it is unsigned. */
function fits({ bits, unsigned }: IntegerType, negative: boolean, high: number, low: number): boolean {
  if (bits === 32 && high !== 0) return false;
  if (unsigned) return !negative;
  const top = bits === 32 ? low : high;
  return top < 0x80000000 || (negative && top === 0x80000000 && (bits === 32 || low === 0));
}

function misfit({ bits, unsigned }: IntegerType, at: number): WireError {
  return new WireError(`an integer does not fit ${bits} ${unsigned ? "unsigned" : "signed"} bits`, at);
}

/** A number within quotes; one without them was read as JSON has it. */
const NUMERAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const NAMED: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };
