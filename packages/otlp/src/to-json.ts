/** Protobuf to OTLP/JSON, from bytes to text: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
import { VALUE_DEPTH } from "./any-value.ts";
import { Cursor, Wire } from "./cursor.ts";
import { Decimal } from "./decimal.ts";
import { JsonWriter } from "./json-writer.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { located } from "./locate.ts";
import { type Field, type IntegerType, isId, type Message, messageOf } from "./schema.ts";
import type { Signal } from "./signal.ts";
import { WireError } from "./wire-error.ts";

/** JSON is two to three times as long as the wire; a guess that is too small costs a copy. */
const GROWTH = 3;

const BRACE = 0x7b;
const BRACE_END = 0x7d;
const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");

/**
 * The request as OTLP/JSON in UTF-8: ids in hex, other bytes in base64, enums as integers, 64-bit integers as strings,
 * doubles that JSON lacks as "NaN", "Infinity" and "-Infinity". Fields that are not on the wire, and unknown ones, are left
 * out. Throws WireError on malformed bytes and on values nested deeper than VALUE_DEPTH.
 */
export function requestToJson(signal: Signal, body: Uint8Array): Buffer {
  const message = messageOf(SIGNAL_MESSAGES[signal].request);
  return located(signal, body, () => {
    const text = new RequestText(body.length * GROWTH + 64, false);
    if (text.message(message, new Cursor(body), 0)) return text.finish();
    const gathered = new RequestText(body.length * GROWTH + 64, true);
    gathered.message(message, new Cursor(body), 0);
    return gathered.finish();
  });
}

/**
 * Writes messages as they stand on the wire. A message that has one field in several places, which no SDK sends, cannot be
 * written so: then everything is done again with the fields of each message gathered first. To decide it anew for each
 * message would let a hostile request double the work with every level.
 */
class RequestText {
  readonly #out: JsonWriter;
  readonly #gathering: boolean;
  readonly #decimal = new Decimal();
  /** One cursor for each level. */
  readonly #cursors: Cursor[] = [];
  #level = 0;

  constructor(capacity: number, gathering: boolean) {
    this.#out = new JsonWriter(capacity);
    this.#gathering = gathering;
  }

  finish(): Buffer {
    return this.#out.finish();
  }

  /** Writes the message that `cursor` stands before; false when it has to be gathered, and then half of it is written. */
  message(message: Message, cursor: Cursor, depth: number): boolean {
    if (depth > VALUE_DEPTH + 1) throw new WireError(`values nested deeper than ${VALUE_DEPTH}`, cursor.stop);
    this.#level++;
    this.#out.byte(BRACE);
    const done = this.#gathering ? this.#gathered(message, cursor, depth) : this.#asItStands(message, cursor, depth);
    this.#out.byte(BRACE_END);
    this.#level--;
    return done;
  }

  #asItStands(message: Message, cursor: Cursor, depth: number): boolean {
    const out = this.#out;
    let seen = 0;
    let chosen = false;
    let first = true;
    /** The list that is being written. */
    let list: Field | undefined;
    while (cursor.next()) {
      const field = message.fields[cursor.field];
      if (field === undefined || !fitsWire(field, cursor.wire)) continue;
      if (field === list) {
        if (!this.#elements(field, cursor, depth)) return false;
        continue;
      }
      const bit = 1 << field.number;
      if ((seen & bit) !== 0 || (field.oneof && chosen)) return false;
      seen |= bit;
      if (list !== undefined) out.closeList();
      list = undefined;
      if (field.oneof) chosen = true;
      else if (field.implicit && this.#isDefault(field, cursor)) continue;
      out.key(field.quoted, first);
      first = false;
      if (!field.repeated) {
        if (!this.#value(field, cursor, depth)) return false;
        continue;
      }
      out.openList();
      list = field;
      if (!this.#elements(field, cursor, depth)) return false;
    }
    if (list !== undefined) out.closeList();
    return true;
  }

  #gathered(message: Message, cursor: Cursor, depth: number): boolean {
    const out = this.#out;
    let first = true;
    const place = new Cursor(cursor.bytes);
    for (const [field, places] of gather(message, cursor)) {
      if (field.implicit && this.#isDefault(field, standAt(place, places.at(-1)))) continue;
      out.key(field.quoted, first);
      first = false;
      if (field.repeated) {
        out.openList();
        for (const at of places) this.#elements(field, standAt(place, at), depth);
        out.closeList();
      } else if (field.message === undefined || places.length === 1) {
        this.#value(field, standAt(place, places.at(-1)), depth);
      } else {
        // Messages merge by concatenation.
        const merged = Buffer.concat(places.map((at) => standAt(place, at).slice()));
        this.#nested(field.message, new Cursor(merged), depth);
      }
    }
    return true;
  }

  /** Writes the element, or with packed numbers all elements, that `cursor` stands on. */
  #elements(field: Field, cursor: Cursor, depth: number): boolean {
    if (field.wire === cursor.wire) {
      this.#out.element();
      return this.#value(field, cursor, depth);
    }
    const element = new Cursor(cursor.bytes, 0, cursor.stop);
    for (let at = cursor.start; at < cursor.stop; at = element.stop) {
      this.#out.element();
      this.#scalar(field, element.element(at, field.wire));
    }
    return true;
  }

  #value(field: Field, cursor: Cursor, depth: number): boolean {
    if (field.message === undefined) {
      this.#scalar(field, cursor);
      return true;
    }
    const { bytes } = cursor;
    let inner = this.#cursors[this.#level];
    if (inner?.bytes !== bytes) {
      inner = new Cursor(bytes);
      this.#cursors[this.#level] = inner;
    }
    return this.#nested(field.message, inner.enter(cursor), depth);
  }

  #nested(message: Message, cursor: Cursor, depth: number): boolean {
    return this.message(message, cursor, message.name === "AnyValue" ? depth + 1 : depth);
  }

  #scalar(field: Field, cursor: Cursor): void {
    const out = this.#out;
    const { bytes, start, stop } = cursor;
    if (field.kind === "string") out.string(bytes, start, stop);
    else if (field.integer) {
      this.#load(field.integer, cursor);
      out.integer(this.#decimal, field.integer.bits === 64);
    } else if (field.kind === "double") out.double(cursor.double());
    else if (field.kind === "bool") out.raw(isZero(bytes, start, stop) ? FALSE : TRUE);
    else if (isId(field)) out.hex(bytes, start, stop);
    else out.base64(bytes, start, stop);
  }

  /** Reads an integer into `#decimal`. Varints of 32-bit types count by their lower 32 bits, as in every protobuf reader. */
  #load({ bits, unsigned, zigzag, fixed }: IntegerType, { bytes, start, stop }: Cursor): void {
    const decimal = this.#decimal;
    if (fixed) decimal.setFixed(bytes, start, bits, !unsigned);
    else {
      decimal.setVarint(bytes, start, stop, bits === 64 && !unsigned);
      if (bits === 64) return;
      const value = zigzag ? (decimal.low >>> 1) ^ -(decimal.low & 1) : decimal.low;
      decimal.setBits(!unsigned && (value | 0) < 0 ? 0xffffffff : 0, value >>> 0, !unsigned);
    }
  }

  /** Whether a scalar on the wire says what its absence says. */
  #isDefault(field: Field, cursor: Cursor): boolean {
    if (field.wire === Wire.bytes) return cursor.stop === cursor.start;
    if (field.integer === undefined) return isZero(cursor.bytes, cursor.start, cursor.stop);
    this.#load(field.integer, cursor);
    return this.#decimal.low === 0 && this.#decimal.high === 0;
  }
}

/** Whether a field can stand on the wire like this: as its type is, or as packed numbers. */
function fitsWire(field: Field, wire: number): boolean {
  return field.wire === wire || (field.repeated && wire === Wire.bytes);
}

/** Whether all bits of a varint or of a fixed number are zero. */
function isZero(bytes: Uint8Array, start: number, stop: number): boolean {
  for (let at = start; at < stop; at++) if (((bytes[at] ?? 0) & (stop - start === 8 ? 0xff : 0x7f)) !== 0) return false;
  return true;
}

/** The known fields of a message, each with the offsets at which it stands; of a oneof only the last. */
function gather(message: Message, cursor: Cursor): Map<Field, number[]> {
  const found = new Map<Field, number[]>();
  while (cursor.next()) {
    const field = message.fields[cursor.field];
    if (field === undefined || !fitsWire(field, cursor.wire)) continue;
    if (field.oneof) for (const other of found.keys()) if (other.oneof && other !== field) found.delete(other);
    const places = found.get(field);
    if (places) places.push(cursor.at);
    else found.set(field, [cursor.at]);
  }
  return found;
}

/** Moves the cursor onto the field at an offset. */
function standAt(cursor: Cursor, at = 0): Cursor {
  cursor.over(at, cursor.bytes.length).next();
  return cursor;
}
