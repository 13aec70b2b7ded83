/** OTLP/JSON to protobuf, in one pass from text to bytes: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
import { VALUE_DEPTH } from "./any-value.ts";
import { Wire } from "./cursor.ts";
import { JsonReader } from "./json-reader.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { type Field, isId, type Message, messageOf, type Scalar } from "./schema.ts";
import type { Signal } from "./signal.ts";
import { WireError } from "./wire-error.ts";
import { Writer } from "./writer.ts";

/**
 * The request in protobuf. Accepts what the specification asks of receivers: lowerCamelCase names, unknown ones ignored,
 * null as absent, ids in hex of either case, other bytes in base64 (also url-safe, padded or not), enums as integers or
 * names, 64-bit integers as strings or numbers, "NaN", "Infinity" and "-Infinity". Throws WireError, with the path and the
 * byte of the text, for anything else and for values nested deeper than VALUE_DEPTH. Ids of a wrong length and the like
 * pass; they are for `validateRequest` to find.
 */
export function requestFromJson(signal: Signal, text: Uint8Array): Uint8Array {
  return new RequestReader(text).read(messageOf(SIGNAL_MESSAGES[signal].request));
}

class RequestReader {
  readonly #json: JsonReader;
  readonly #out: Writer;
  /** Names and indexes down to the current value. */
  readonly #path: (string | number)[] = [];

  constructor(text: Uint8Array) {
    this.#json = new JsonReader(text);
    this.#out = new Writer(Math.max(256, text.length >> 1));
  }

  read(message: Message): Uint8Array {
    try {
      this.#message(message, 0);
      this.#json.end();
    } catch (error) {
      if (!(error instanceof WireError) || error.path !== "") throw error;
      const path = this.#path.map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`));
      throw new WireError(error.problem, error.offset, path.join("") || "request");
    }
    return this.#out.finish();
  }

  #message(message: Message, depth: number): void {
    if (depth > VALUE_DEPTH + 1) throw this.#json.error(`values nested deeper than ${VALUE_DEPTH}`);
    if (this.#json.peek() !== "object") throw this.#json.error("an object was expected");
    this.#json.object((key) => {
      const field = message.byName.get(key);
      if (field === undefined) return this.#json.skip();
      this.#path.push(key);
      if (this.#json.peek() === "null") this.#json.literal("null");
      else if (field.repeated) this.#repeated(field, depth);
      else if (field.message) this.#nested(field.number, field.message, depth);
      else this.#single(field);
      this.#path.pop();
    });
  }

  #nested(number: number, message: Message, depth: number): void {
    const start = this.#out.open(number);
    this.#message(message, message.name === "AnyValue" ? depth + 1 : depth);
    this.#out.close(start);
  }

  #repeated(field: Field, depth: number): void {
    if (this.#json.peek() !== "array") throw this.#json.error("an array was expected");
    const { message } = field;
    // Numbers are packed, as proto3 has it; messages and strings are not.
    const packed = message === undefined && field.wire !== Wire.bytes ? this.#out.open(field.number) : -1;
    this.#json.array((index) => {
      this.#path.push(index);
      if (message) this.#nested(field.number, message, depth);
      else if (packed < 0) this.#out.bytes(field.number, this.#json.stringBytes());
      else this.#number(field);
      this.#path.pop();
    });
    if (packed >= 0) this.#out.close(packed);
  }

  #single(field: Field): void {
    const mark = this.#out.length;
    let isDefault: boolean;
    if (field.kind === "string" || field.kind === "bytes") {
      const value = field.kind === "string" ? this.#json.stringBytes() : this.#bytes(isId(field));
      this.#out.bytes(field.number, value);
      isDefault = value.length === 0;
    } else {
      this.#out.tag(field.number, field.wire);
      isDefault = this.#number(field);
    }
    if (isDefault && field.implicit) this.#out.rewind(mark);
  }

  #bytes(hex: boolean): Uint8Array {
    const at = this.#json.pos;
    const text = this.#json.string();
    if (hex) {
      if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new WireError("an id is not hexadecimal", at);
      return Buffer.from(text, "hex");
    }
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new WireError("bytes are not base64", at);
    return Buffer.from(text, "base64");
  }

  /** Writes a number or boolean without its tag; returns whether it is zero or false. */
  #number(field: Field): boolean {
    const at = this.#json.pos;
    const kind = this.#json.peek();
    if (field.kind === "bool") {
      if (kind !== "true" && kind !== "false") throw this.#json.error("true or false was expected");
      this.#json.literal(kind);
      this.#out.varint(kind === "true" ? 1 : 0);
      return kind === "false";
    }
    if (kind !== "number" && kind !== "string") throw this.#json.error("a number was expected");
    const text = kind === "number" ? this.#json.number() : this.#json.string();
    if (field.kind === "double") {
      const value = doubleOf(text, at);
      this.#out.double(value);
      return Object.is(value, 0);
    }
    const named = kind === "string" ? field.numbers?.get(text) : undefined;
    const value = named === undefined ? integerOf(text, at) : BigInt(named);
    INTEGERS[integerKind(field)](this.#out, value, at);
    return value === 0n;
  }
}

type IntegerKind = Exclude<Scalar, "string" | "bytes" | "bool" | "double">;

/** The scalar type by which an integer field is written; enums are int32. */
function integerKind({ kind }: Field): IntegerKind {
  if (kind === "enum") return "int32";
  if (kind in INTEGERS) return kind as IntegerKind; // The table has every kind but the ones that no integer is read for.
  throw new TypeError(`a ${kind} is no integer`);
}

const INTEGERS: Readonly<Record<IntegerKind, (out: Writer, value: bigint, at: number) => void>> = {
  int32: (out, value, at) => out.varint64(signed(value, 32, at)),
  sint32: (out, value, at) => out.varint64(BigInt.asUintN(32, (signed(value, 32, at) << 1n) ^ (value >> 31n))),
  uint32: (out, value, at) => out.varint64(unsigned(value, 32, at)),
  fixed32: (out, value, at) => out.fixed32(Number(unsigned(value, 32, at))),
  int64: (out, value, at) => out.varint64(signed(value, 64, at)),
  uint64: (out, value, at) => out.varint64(unsigned(value, 64, at)),
  fixed64: (out, value, at) => out.fixed64(unsigned(value, 64, at)),
  sfixed64: (out, value, at) => out.fixed64(signed(value, 64, at)),
};

function signed(value: bigint, bits: number, at: number): bigint {
  if (BigInt.asIntN(bits, value) !== value) throw new WireError(`an integer does not fit ${bits} signed bits`, at);
  return value;
}

function unsigned(value: bigint, bits: number, at: number): bigint {
  if (BigInt.asUintN(bits, value) !== value) throw new WireError(`an integer does not fit ${bits} unsigned bits`, at);
  return value;
}

/** Twenty digits hold every 64-bit integer; longer ones are not worth the time that BigInt would take for them. */
const DIGITS = /^-?\d{1,20}$/;

function integerOf(text: string, at: number): bigint {
  if (DIGITS.test(text)) return BigInt(text);
  // JSON may spell an integer 5.0 or 5e3.
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value)) throw new WireError("an integer was expected", at);
  return BigInt(value);
}

const NAMED: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

function doubleOf(text: string, at: number): number {
  const named = Object.hasOwn(NAMED, text) ? NAMED[text] : undefined;
  if (named !== undefined) return named;
  const value = Number(text);
  if (!/^-?\d/.test(text) || !Number.isFinite(value)) throw new WireError("a number was expected", at);
  return value;
}
