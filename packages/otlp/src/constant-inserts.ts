/**
 * Edits that do nothing but insert constants, the most frequent ones: one pass over the fields of a message finds which keys
 * it lacks, and notes nothing else. What to put behind its last field is encoded already.
 */
import { Wire } from "./cursor.ts";
import type { Constant, Step } from "./edit.ts";
import { KEY_VALUE } from "./layout.ts";
import { usualField, usualStart } from "./usual-field.ts";

const NONE = new Uint8Array(0);
const KEY_TAG = KEY_VALUE.key * 8 + Wire.bytes;
const VALUE_TAG = KEY_VALUE.value * 8 + Wire.bytes;

/** Keys are noted as bits of one number. */
const MOST_KEYS = 30;

/** The inserts of a program. */
export class ConstantInserts {
  readonly #constants: readonly Constant[];
  readonly #keys: readonly Key[];
  /** The lengths of the keys as bits, modulo 32 as shifts take them: hardly any other attribute needs a closer look. */
  readonly #lengths: number;
  readonly #all: number;
  /** The last chunk, and for whom it was made: neighbours mostly lack the same keys. */
  #chunk = NONE;
  #chunkKeys = 0;
  #chunkField = 0;

  private constructor(constants: readonly Constant[]) {
    this.#constants = constants;
    this.#keys = constants.map(({ key }) => new Key(key));
    this.#lengths = constants.reduce((bits, { key }) => bits | (1 << key.length), 0);
    this.#all = (1 << constants.length) - 1;
  }

  /** Of these steps; undefined where one of them is something else, or they are too many. */
  static of(steps: readonly Step[]): ConstantInserts | undefined {
    const constants = new Map<string, Constant>();
    for (const step of steps) {
      if (step.action !== "insert" || step.constant === undefined) return undefined;
      // The first one wins: after it the key is present.
      const key = Buffer.from(step.key).toString("latin1");
      if (!constants.has(key)) constants.set(key, step.constant);
    }
    return constants.size > MOST_KEYS ? undefined : new ConstantInserts([...constants.values()]);
  }

  /**
   * What is to be put behind the message `[start, end)` of `bytes`, whose attributes have the number `field`; empty where it
   * lacks no key. Undefined where a field is unusual: that is for an AttributeList, which tells what is malformed. `data` is
   * over the same bytes.
   */
  lacking(bytes: Uint8Array, data: DataView, start: number, end: number, field: number): Uint8Array | undefined {
    const tag = field * 8 + Wire.bytes;
    const lengths = this.#lengths;
    let present = 0;
    for (let at = start; at < end; ) {
      if (bytes[at] !== tag) {
        at = usualField(bytes, at, end);
        if (at < 0) return undefined;
        continue;
      }
      // Most pairs and their values have a length of one byte, which is read here.
      let pair = at + 2;
      let stop = pair + (bytes[at + 1] ?? 0);
      if (stop - pair >= 0x80 || stop > end) {
        stop = usualField(bytes, at, end);
        if (stop < 0) return undefined;
        pair = usualStart(bytes, at);
      }
      const keyStart = pair + 2;
      if (keyStart > stop || bytes[pair] !== KEY_TAG) return undefined;
      const keyLength = bytes[pair + 1] ?? 0;
      const value = keyStart + keyLength;
      if (keyLength >= 0x80 || value + 2 > stop || bytes[value] !== VALUE_TAG) return undefined;
      const valueLength = bytes[value + 1] ?? 0;
      if ((valueLength >= 0x80 || value + 2 + valueLength !== stop) && usualField(bytes, value, stop) !== stop)
        return undefined;
      if (((lengths >>> keyLength) & 1) === 1) present |= this.#match(data, keyStart, keyLength);
      at = stop;
    }
    return present === this.#all ? NONE : this.#without(present, field);
  }

  /** The bit of the constant whose key stands there, or 0. */
  #match(data: DataView, start: number, length: number): number {
    const keys = this.#keys;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (key?.length === length && key.at(data, start)) return 1 << i;
    }
    return 0;
  }

  #without(present: number, field: number): Uint8Array {
    if (this.#chunk === NONE || this.#chunkKeys !== present || this.#chunkField !== field) {
      const lacking = this.#constants.filter((_, i) => (present & (1 << i)) === 0);
      this.#chunk = Buffer.concat(lacking.map((constant) => constant.field(field)));
      this.#chunkKeys = present;
      this.#chunkField = field;
    }
    return this.#chunk;
  }
}

/** A key that is looked for. Its length stands apart: that of a DataView is a call. */
class Key {
  readonly length: number;
  readonly #words: DataView;

  constructor(key: Uint8Array) {
    this.length = key.length;
    this.#words = new DataView(key.buffer, key.byteOffset, key.length);
  }

  /** Whether it stands in `data` at `start`: by words from the end, where keys of one namespace differ. */
  at(data: DataView, start: number): boolean {
    const words = this.#words;
    let at = this.length;
    for (; at >= 4; at -= 4) if (data.getUint32(start + at - 4) !== words.getUint32(at - 4)) return false;
    for (; at > 0; at--) if (data.getUint8(start + at - 1) !== words.getUint8(at - 1)) return false;
    return true;
  }
}
