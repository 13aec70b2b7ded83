/**
 * The attributes of one message as places in its bytes, read in one walk and edited without copying. One list serves any
 * number of messages in turn, so that an item costs no garbage.
 */
import { Cursor, Wire } from "./cursor.ts";
import type { Constant } from "./edit.ts";
import { joinedFields, type StartOf } from "./joined-fields.ts";
import { KEY_VALUE } from "./layout.ts";
import type { Splices } from "./splices.ts";
import { putVarint, varintSize } from "./writer.ts";

const NONE = new Uint8Array(0);
const KEY_TAG = KEY_VALUE.key * 8 + Wire.bytes;
const VALUE_TAG = KEY_VALUE.value * 8 + Wire.bytes;

/** One attribute: where its field stands in the message, and where key and value are now. */
class Entry {
  // Key and value are ranges of some buffer rather than slices: a slice is an object per attribute, a range is not.
  /** The whole field in the message, tag included; -1 for one that was added. */
  at = -1;
  stop = 0;
  key: Uint8Array = NONE;
  keyStart = 0;
  keyStop = 0;
  /** AnyValue bytes. */
  value: Uint8Array = NONE;
  valueStart = 0;
  valueStop = 0;
  /** Whether the field is to be written anew. */
  changed = false;
  removed = false;
  /** Fields of the pair beside key and value, which stay with it whatever its value becomes. */
  beside: Uint8Array = NONE;
  /** Holds the encoded field when the attribute is a constant. */
  constant: Constant | undefined;
}

/**
 * Whoever looks for single attributes reads so many at a time: an empty one takes two bytes, and an entry of a list fifty times as
 * much.
 */
export const SOME_ATTRIBUTES = 128;

/** Attributes in order, removed ones keeping their index until the next `read`. */
export class AttributeList {
  readonly #entries: Entry[] = [];
  #length = 0;
  /** The first attribute that was edited; beyond the last one when none was. */
  #firstEdited = Number.POSITIVE_INFINITY;
  readonly #body: Uint8Array;
  readonly #pair: Cursor;

  /** For messages of `body`. */
  constructor(body: Uint8Array) {
    this.#body = body;
    this.#pair = new Cursor(body);
  }

  /** Attributes, removed ones included. */
  get length(): number {
    return this.#length;
  }

  /**
   * Reads the attributes, fields of number `field` (below 16), of the message that `message` stands before: `most` of them, and
   * where that is not all of the message, is true and leaves `message` before the rest.
   */
  read(message: Cursor, field: number, most = Number.POSITIVE_INFINITY): boolean {
    this.#length = 0;
    this.#firstEdited = Number.POSITIVE_INFINITY;
    const tag = field * 8 + Wire.bytes;
    const { bytes } = message;
    while (this.#length < most) {
      // The hottest loop there is: attributes of the usual shape are read here, everything else by the cursors.
      const at = message.stop;
      const start = at + 2;
      const stop = start + (bytes[at + 1] ?? 0);
      if (bytes[at] === tag && stop - start < 0x80 && stop <= message.end && this.#readUsual(at, start, stop)) {
        message.stop = stop;
        continue;
      }
      if (!message.next()) return false;
      if (message.is(field, Wire.bytes)) this.#readPair(message);
    }
    return true;
  }

  /** Reads a KeyValue of key and value in that order, with lengths of one byte; false where it is anything else. */
  #readUsual(at: number, start: number, stop: number): boolean {
    const bytes = this.#body;
    const keyStart = start + 2;
    const keyStop = keyStart + (bytes[start + 1] ?? 0);
    const valueStart = keyStop + 2;
    if (bytes[start] !== KEY_TAG || valueStart > stop || bytes[keyStop] !== VALUE_TAG) return false;
    if (valueStart + (bytes[keyStop + 1] ?? 0) !== stop) return false;
    const entry = this.#push();
    entry.at = at;
    entry.stop = stop;
    entry.key = bytes;
    entry.keyStart = keyStart;
    entry.keyStop = keyStop;
    entry.value = bytes;
    entry.valueStart = valueStart;
    entry.valueStop = stop;
    return true;
  }

  #readPair(message: Cursor): void {
    const entry = this.#push();
    entry.at = message.at;
    entry.stop = message.stop;
    entry.key = this.#body;
    entry.keyStart = entry.keyStop = message.start;
    entry.value = this.#body;
    entry.valueStart = entry.valueStop = message.start;
    const pair = this.#pair.enter(message);
    let values = 0;
    let others = 0;
    while (pair.next()) {
      if (pair.is(KEY_VALUE.value, Wire.bytes)) {
        values++;
        entry.valueStart = pair.start;
        entry.valueStop = pair.stop;
      } else if (pair.is(KEY_VALUE.key, Wire.bytes)) {
        entry.keyStart = pair.start;
        entry.keyStop = pair.stop;
      } else others++;
    }
    // A message that stands twice in its parent means both, merged; and merging is concatenating.
    if (values > 1) this.#setValue(entry, joinedFields(pair.enter(message), startOfValue));
    if (others > 0) entry.beside = joinedFields(pair.enter(message), startBeside);
  }

  #push(): Entry {
    let entry = this.#entries[this.#length];
    if (entry === undefined) {
      entry = new Entry();
      this.#entries.push(entry);
    }
    this.#length++;
    entry.changed = false;
    entry.removed = false;
    entry.beside = NONE;
    entry.constant = undefined;
    return entry;
  }

  #setValue(entry: Entry, value: Uint8Array): void {
    entry.value = value;
    entry.valueStart = 0;
    entry.valueStop = value.length;
  }

  /** The first attribute of a key from `from` on, or -1. */
  find(key: Uint8Array, from = 0): number {
    const length = key.length;
    for (let i = from; i < this.#length; i++) {
      const entry = this.#entries[i];
      if (entry === undefined || entry.keyStop - entry.keyStart !== length || entry.removed) continue;
      // Backwards, since keys of one namespace differ in their ends.
      const bytes = entry.key;
      const start = entry.keyStart;
      let at = length - 1;
      while (at >= 0 && bytes[start + at] === key[at]) at--;
      if (at < 0) return i;
    }
    return -1;
  }

  /** Whether the attribute is still there. */
  has(index: number): boolean {
    return this.#at(index).removed === false;
  }

  /** The key as text. */
  key(index: number): string {
    const { key, keyStart, keyStop } = this.#at(index);
    return Buffer.from(key.buffer, key.byteOffset + keyStart, keyStop - keyStart).toString("utf8");
  }

  /** The key's bytes, not copied. */
  rawKey(index: number): Uint8Array {
    const { key, keyStart, keyStop } = this.#at(index);
    return key.subarray(keyStart, keyStop);
  }

  /** The AnyValue bytes, not copied. */
  value(index: number): Uint8Array {
    const { value, valueStart, valueStop } = this.#at(index);
    return value.subarray(valueStart, valueStop);
  }

  /** Gives an attribute another value, AnyValue bytes; `constant` where key and value are one. */
  set(index: number, value: Uint8Array, constant?: Constant): void {
    const entry = this.#at(index);
    if (
      value.length === entry.valueStop - entry.valueStart &&
      value.every((byte, i) => byte === entry.value[entry.valueStart + i])
    )
      return;
    this.#setValue(entry, value);
    entry.changed = true;
    entry.constant = constant;
    this.#edited(index);
  }

  /** Adds an attribute behind the others. */
  add(key: Uint8Array, value: Uint8Array, constant?: Constant): void {
    const entry = this.#push();
    entry.at = -1;
    entry.key = key;
    entry.keyStart = 0;
    entry.keyStop = key.length;
    this.#setValue(entry, value);
    entry.changed = true;
    entry.constant = constant;
    this.#edited(this.#length - 1);
  }

  /** Takes an attribute out. */
  remove(index: number): void {
    this.#at(index).removed = true;
    this.#edited(index);
  }

  /** Notes what changed; new attributes go to `end`, the end of their message. */
  emit(splices: Splices, field: number, end: number): void {
    for (let i = this.#firstEdited; i < this.#length; i++) {
      const entry = this.#at(i);
      if (entry.removed) {
        if (entry.at >= 0) splices.replace(entry.at, entry.stop - entry.at, NONE);
      } else if (entry.changed) {
        const constant = entry.beside.length === 0 ? entry.constant : undefined;
        const chunk = constant?.field(field) ?? encode(entry, field);
        if (entry.at >= 0) splices.replace(entry.at, entry.stop - entry.at, chunk);
        else splices.replace(end, 0, chunk);
      }
    }
  }

  #edited(index: number): void {
    if (index < this.#firstEdited) this.#firstEdited = index;
  }

  #at(index: number): Entry {
    const entry = this.#entries[index];
    if (entry === undefined || index >= this.#length) throw new RangeError(`no attribute ${index}`);
    return entry;
  }
}

const startOfValue: StartOf = (pair) => (pair.is(KEY_VALUE.value, Wire.bytes) ? pair.start : -1);
const startBeside: StartOf = (pair) =>
  pair.is(KEY_VALUE.key, Wire.bytes) || pair.is(KEY_VALUE.value, Wire.bytes) ? -1 : pair.at;

/** The field of an attribute: tag, length and KeyValue. Out of the shared pool, since it is copied into a result at once. */
function encode(entry: Entry, field: number): Uint8Array {
  const key = entry.keyStop - entry.keyStart;
  const value = entry.valueStop - entry.valueStart;
  const pair = 2 + varintSize(key) + key + varintSize(value) + value + entry.beside.length;
  const out = Buffer.allocUnsafe(1 + varintSize(pair) + pair);
  out[0] = field * 8 + Wire.bytes;
  let at = putVarint(out, 1, pair);
  out[at++] = KEY_TAG;
  at = putVarint(out, at, key);
  out.set(entry.key.subarray(entry.keyStart, entry.keyStop), at);
  at += key;
  out[at++] = VALUE_TAG;
  at = putVarint(out, at, value);
  out.set(entry.value.subarray(entry.valueStart, entry.valueStop), at);
  out.set(entry.beside, at + value);
  return out;
}
