/** Checks one message and everything below it against the table of codes: the inner loop of validation. */
import { isUtf8 } from "node:buffer";
import { ANY, VALUE_DEPTH } from "./any-value.ts";
import { HEAD_BYTES } from "./cursor.ts";
import {
  CHILDREN,
  Check,
  CODES,
  FIELD_LIMIT,
  FLAGS_BYTE,
  messageId,
  NO_TAG,
  PAIR_TAGS,
  TAGS,
  USUAL,
} from "./field-codes.ts";
import { WireError } from "./wire-error.ts";

/** Why an item cannot be kept; `malformed` are bytes inside it that no reader could read. */
export type ItemFlaw = "trace_id" | "span_id" | "name_utf8" | "malformed";

/** In the place of a depth: only the message's own fields are read, and the messages in them passed over. */
const OWN_FIELDS = -1;

const ANY_VALUE = messageId("AnyValue");
const SPAN = messageId("Span");
const KEY_TAG = 1 * 8 + 2;
const VALUE_TAG = 2 * 8 + 2;
const STRING_TAG = ANY.string * 8 + 2;
const BOOL_TAG = ANY.bool * 8;
const INT_TAG = ANY.int * 8;
const DOUBLE_TAG = ANY.double * 8 + 1;
const VARINT_BYTES = 10;
/** The high bit of each of four bytes. */
const NOT_ASCII = 0x80808080 | 0;
/** What a span must have shown: a trace id (1) and a span id (2). */
const BOTH_IDS = 3;

/** Checks messages of one body; what it notes of an item stays until the caller clears it. */
export class MessageCheck {
  /** The first flaw since it was last cleared. */
  flaw: ItemFlaw | undefined;
  /** Where it is, in bytes. */
  flawAt = 0;
  readonly #bytes: Uint8Array;
  readonly #words: DataView;
  /** Where the last varint ended. */
  #stop = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Checks `bytes[start, end)` as the message with this id of the table. `depth` is how deep its values are nested
   * already. Throws WireError for what no reader could read; notes what only spoils the item in `flaw`.
   */
  message(id: number, start: number, end: number, depth: number): void {
    const seen = this.#fields(id, start, end, depth, 0);
    if (id === SPAN) this.#spanIds(seen, start);
  }

  /**
   * The same, but passes over the messages inside it: it may be an item that holds nothing but nonsense. Fields of the usual shape,
   * which nearly all are, are read without the codes.
   */
  own(id: number, start: number, end: number): void {
    const bytes = this.#bytes;
    const base = id * TAGS;
    let seen = 0;
    let pos = start;
    while (pos + 1 < end) {
      const tag = bytes[pos] ?? 0;
      const first = bytes[pos + 1] ?? 0;
      let stop = 0;
      // Numbers, so that it is a table of jumps: the cases are those of `Usual`.
      switch (USUAL[base + tag]) {
        case 1: // varint
          if (first < 0x80) stop = pos + 2;
          break;
        case 2: // fixed64
          stop = pos + 9;
          break;
        case 3: // bytes, often many under one tag
          stop = this.#run(pos, end, tag);
          break;
        case 4: // fixed32
          stop = pos + 5;
          break;
        case 5: // name
          if (first < 0x80 && pos + 2 + first <= end && this.#isAscii(pos + 2, pos + 2 + first)) stop = pos + 2 + first;
          break;
        case 6: // traceId
          if (first === 16 && pos + 18 <= end && this.#isSet(pos + 2, pos + 18)) {
            seen |= 1;
            stop = pos + 18;
          }
          break;
        case 7: // spanId
          if (first === 8 && pos + 10 <= end && this.#isSet(pos + 2, pos + 10)) {
            seen |= 2;
            stop = pos + 10;
          }
          break;
        case 8: // flags
          if (first === FLAGS_BYTE) stop = pos + 6;
          break;
        case 9: // optionalTraceId
          if (first === 16) stop = pos + 18;
          break;
        case 10: // optionalSpanId
          if (first === 8) stop = pos + 10;
          break;
      }
      if (stop <= pos || stop > end) break;
      pos = stop;
    }
    if (pos < end) seen = this.#fields(id, pos, end, OWN_FIELDS, seen);
    if (id === SPAN) this.#spanIds(seen, start);
  }

  /** Checks the fields in `bytes[start, end)`. Returns which ids of a span have been seen, here or before. */
  #fields(id: number, start: number, end: number, depth: number, before: number): number {
    const bytes = this.#bytes;
    const base = id * FIELD_LIMIT;
    const isOwn = depth === OWN_FIELDS;
    // Values nested too deep are refused below, short or not.
    const pairTag = !isOwn && depth <= VALUE_DEPTH ? (PAIR_TAGS[id] ?? NO_TAG) : NO_TAG;
    let seen = before;
    let pos = start;
    while (pos < end) {
      const at = pos;
      let tag = bytes[pos++] ?? 0;
      if (tag === pairTag) {
        pos = this.#usualPairs(at, end, pairTag);
        if (pos > at) continue;
        pos = at + 1;
      }
      if (tag >= 0x80) {
        const high = pos < end ? (bytes[pos] ?? 0) : 0x80;
        if (high < 0x80) {
          tag = (tag & 0x7f) | (high << 7);
          pos++;
        } else {
          tag = this.#varint(at, end);
          pos = this.#stop;
          if (tag > 0xffffffff || pos - at > HEAD_BYTES) throw new WireError("tag out of range", at);
        }
      }
      const field = tag >>> 3;
      if (field === 0) throw new WireError("field number 0", at);
      const wire = tag & 7;
      const code = field < FIELD_LIMIT ? (CODES[base + field] ?? 0) : 0;
      const check = code >> 3;
      if (code !== 0 && (code & 7) !== wire + 1 && !(wire === 2 && check >= Check.packedVarints)) {
        throw new WireError(`wire type ${wire} where ${(code & 7) - 1} belongs`, at);
      }
      if (wire === 2) {
        if (pos >= end) throw new WireError("message ends before a length", pos);
        let length = bytes[pos++] ?? 0;
        if (length >= 0x80) {
          const high = pos < end ? (bytes[pos] ?? 0) : 0x80;
          if (high < 0x80) {
            length = (length & 0x7f) | (high << 7);
            pos++;
          } else {
            length = this.#varint(pos - 1, end);
            if (this.#stop - pos >= HEAD_BYTES) throw new WireError("length out of range", at);
            pos = this.#stop;
          }
        }
        const stop = pos + length;
        if (stop > end) throw new WireError(`length ${length} runs past the end of its message`, at);
        if (check === Check.message) {
          if (isOwn) {
            pos = stop;
            continue;
          }
          const child = CHILDREN[base + field] ?? 0;
          // An AnyValue inside an AnyValue is one level deeper; the messages between them are not levels.
          const deeper = child === ANY_VALUE ? depth + 1 : depth;
          if (deeper > VALUE_DEPTH + 1) throw new WireError(`values nested deeper than ${VALUE_DEPTH}`, at);
          this.#fields(child, pos, stop, deeper, 0);
        } else if (check !== Check.none) seen |= this.#value(check, pos, stop, at);
        pos = stop;
      } else if (wire === 0) {
        if (pos < end && (bytes[pos] ?? 0) < 0x80) pos++;
        else {
          this.#varint(pos, end);
          pos = this.#stop;
        }
      } else if (wire === 1 || wire === 5) {
        pos += wire === 1 ? 8 : 4;
        if (pos > end) throw new WireError("fixed value runs past the end of its message", at);
      } else throw new WireError(wire === 3 || wire === 4 ? "group" : `wire type ${wire}`, at);
    }
    return seen;
  }

  /** Notes an id that the span at `start` has not shown. */
  #spanIds(seen: number, start: number): void {
    // The byte before the content is part of the span's field, which the content of an empty span is not.
    if (seen !== BOTH_IDS) this.#note((seen & 1) === 0 ? "trace_id" : "span_id", start - 1);
  }

  /** The end of the run of short fields of bytes at `at` under one tag. */
  #run(at: number, end: number, tag: number): number {
    const bytes = this.#bytes;
    let pos = at;
    while (pos + 1 < end && bytes[pos] === tag) {
      const length = bytes[pos + 1] ?? 0;
      if (length >= 0x80 || pos + 2 + length > end) break;
      pos += 2 + length;
    }
    return pos;
  }

  /**
   * The end of the run of fields at `at` that are sound KeyValues of a short key and a short scalar, as most attributes are; `at` when
   * not even the first is. The hottest loop there is: it does without the tables.
   */
  #usualPairs(at: number, end: number, pairTag: number): number {
    const bytes = this.#bytes;
    let pos = at;
    while (pos + 6 < end && bytes[pos] === pairTag) {
      const stop = pos + 2 + (bytes[pos + 1] ?? 0);
      const keyStart = pos + 4;
      const keyStop = keyStart + (bytes[pos + 3] ?? 0);
      const value = keyStop + 2;
      // A length of one byte is below 0x80; that of the pair bounds those inside it.
      if (stop > end || stop > pos + 0x81 || bytes[pos + 2] !== KEY_TAG || value + 2 > stop) break;
      if (bytes[keyStop] !== VALUE_TAG || value + (bytes[keyStop + 1] ?? 0) !== stop) break;
      const tag = bytes[value];
      if (tag === STRING_TAG) {
        if (value + 2 + (bytes[value + 1] ?? 0) !== stop) break;
      } else if (tag === INT_TAG || tag === BOOL_TAG) {
        let last = value + 1;
        while (last < stop && (bytes[last] ?? 0) >= 0x80) last++;
        if (last !== stop - 1 || last - value >= VARINT_BYTES) break;
      } else if (tag !== DOUBLE_TAG || stop - value !== 9) break;
      if (!this.#isAscii(keyStart, keyStop)) break;
      pos = stop;
    }
    return pos;
  }

  /** Checks a value of bytes; returns which id of a span it is. */
  #value(check: number, start: number, stop: number, at: number): number {
    switch (check) {
      case Check.name:
        if (!this.#isText(start, stop)) this.#note("name_utf8", at);
        return 0;
      case Check.traceId:
        if (stop - start === 16 && this.#isSet(start, stop)) return 1;
        this.#note("trace_id", at);
        return 0;
      case Check.spanId:
        if (stop - start === 8 && this.#isSet(start, stop)) return 2;
        this.#note("span_id", at);
        return 0;
      case Check.optionalTraceId:
        if (stop !== start && stop - start !== 16) this.#note("trace_id", at);
        return 0;
      case Check.optionalSpanId:
        if (stop !== start && stop - start !== 8) this.#note("span_id", at);
        return 0;
      case Check.packedFixed64:
        if ((stop - start) % 8 !== 0) throw new WireError("packed numbers end within a number", at);
        return 0;
      default:
        for (let pos = start; pos < stop; pos = this.#stop) this.#varint(pos, stop);
        return 0;
    }
  }

  #note(flaw: ItemFlaw, at: number): void {
    if (this.flaw !== undefined) return;
    this.flaw = flaw;
    this.flawAt = at;
  }

  #isText(start: number, stop: number): boolean {
    return this.#isAscii(start, stop) || isUtf8(this.#bytes.subarray(start, stop));
  }

  /**
   * Keys are what validation reads most of, and a loop that ends elsewhere for each of them costs more than what it reads: those of
   * 8 to 32 bytes, as most are, are read as eight or four words, of which the middle ones may overlap.
   */
  #isAscii(start: number, stop: number): boolean {
    const words = this.#words;
    const length = stop - start;
    let all = 0;
    if (length >= 16 && length <= 32) {
      all =
        words.getInt32(start, true) |
        words.getInt32(start + 4, true) |
        words.getInt32(start + 8, true) |
        words.getInt32(start + 12, true) |
        words.getInt32(stop - 16, true) |
        words.getInt32(stop - 12, true) |
        words.getInt32(stop - 8, true) |
        words.getInt32(stop - 4, true);
    } else if (length >= 8 && length < 16) {
      all =
        words.getInt32(start, true) |
        words.getInt32(start + 4, true) |
        words.getInt32(stop - 8, true) |
        words.getInt32(stop - 4, true);
    } else if (length > 32) {
      const last = stop - 4;
      for (let pos = start; pos < last; pos += 4) all |= words.getInt32(pos, true);
      all |= words.getInt32(last, true);
    } else {
      const bytes = this.#bytes;
      for (let pos = start; pos < stop; pos++) all |= bytes[pos] ?? 0;
    }
    return (all & NOT_ASCII) === 0;
  }

  #isSet(start: number, stop: number): boolean {
    for (let pos = start; pos < stop; pos++) if (this.#bytes[pos] !== 0) return true;
    return false;
  }

  /** Reads a varint, exact below 2^53, and leaves its end in `#stop`. */
  #varint(at: number, end: number): number {
    let value = 0;
    let scale = 1;
    const limit = Math.min(end, at + VARINT_BYTES);
    for (let pos = at; pos < limit; pos++, scale *= 128) {
      const byte = this.#bytes[pos] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (pos - at === VARINT_BYTES - 1 && byte > 1) break;
      this.#stop = pos + 1;
      return value;
    }
    const long = end - at >= VARINT_BYTES;
    throw new WireError(long ? "varint of more than 64 bits" : "varint runs past the end of its message", at);
  }
}
