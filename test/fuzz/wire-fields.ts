/** Finds fields in protobuf bytes without knowing their messages, and puts others in their place. Nothing it reads is trusted. */

/** The wire types of protobuf that a fuzzer writes. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** Where one field stands: its tag at `at`, its value from `start` to `stop`, for bytes its length from `lengthAt`. */
export interface WireField {
  readonly number: number;
  readonly wire: number;
  readonly at: number;
  readonly lengthAt: number;
  readonly start: number;
  readonly stop: number;
}

/** From the outermost message inwards: each field lies in the value of the one before it. */
export type FieldPath = readonly WireField[];

interface Varint {
  readonly value: number;
  readonly next: number;
}

function varintAt(bytes: Uint8Array, at: number, stop: number): Varint | undefined {
  let value = 0;
  let scale = 1;
  for (let next = at; next < stop && next < at + 10; next++) {
    const byte = bytes[next] ?? 0;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return { value, next: next + 1 };
  }
  return undefined;
}

function fieldAt(bytes: Uint8Array, at: number, stop: number): WireField | undefined {
  const tag = varintAt(bytes, at, stop);
  if (tag === undefined || tag.value < 8 || tag.value >= 2 ** 32) return undefined;
  const wire = tag.value % 8;
  const found = (start: number, end: number) =>
    end > stop ? undefined : { number: Math.floor(tag.value / 8), wire, at, lengthAt: tag.next, start, stop: end };
  if (wire === WIRE.fixed64) return found(tag.next, tag.next + 8);
  if (wire === WIRE.fixed32) return found(tag.next, tag.next + 4);
  const varint = varintAt(bytes, tag.next, stop);
  if (varint === undefined) return undefined;
  if (wire === WIRE.varint) return found(tag.next, varint.next);
  return wire === WIRE.bytes ? found(varint.next, varint.next + varint.value) : undefined;
}

/** The fields between two positions; undefined when those bytes are no message. */
export function fieldsIn(bytes: Uint8Array, start: number, stop: number): readonly WireField[] | undefined {
  const fields: WireField[] = [];
  for (let at = start; at < stop; ) {
    const field = fieldAt(bytes, at, stop);
    if (field === undefined) return undefined;
    fields.push(field);
    at = field.stop;
  }
  return fields;
}

/** The way to a field that chance picks, at any depth; empty when the bytes are no message. */
export function pickField(bytes: Uint8Array, random: () => number): FieldPath {
  const path: WireField[] = [];
  let [start, stop] = [0, bytes.length];
  for (;;) {
    const fields = fieldsIn(bytes, start, stop);
    const field = fields?.[Math.floor(random() * fields.length)];
    if (field === undefined) return path;
    path.push(field);
    if (field.wire !== WIRE.bytes || random() < 0.2) return path;
    [start, stop] = [field.start, field.stop];
  }
}

/** `bytes` with others in place of the last field of the path; the lengths around it are made true. */
export function replaceField(bytes: Uint8Array, path: FieldPath, by: Uint8Array): Uint8Array {
  let piece = by;
  for (let index = path.length - 1; index >= 0; index--) {
    const field = path[index];
    if (field === undefined) break;
    const around = path[index - 1];
    const before = bytes.subarray(around?.start ?? 0, field.at);
    const after = bytes.subarray(field.stop, around?.stop ?? bytes.length);
    const inner = Buffer.concat([before, piece, after]);
    piece =
      around === undefined
        ? inner
        : Buffer.concat([bytes.subarray(around.at, around.lengthAt), varint(inner.length), inner]);
  }
  return piece;
}

/** A varint of a whole number below 2^53; `pad` bytes longer than it needs to be. */
export function varint(value: number, pad = 0): Uint8Array {
  if (value < 128 && pad === 0) return Uint8Array.of(value);
  const out: number[] = [];
  let rest = value;
  do {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  for (let i = 0; i < pad; i++) out.push(128);
  out.push((out.pop() ?? 0) - 128);
  return Uint8Array.from(out);
}

/** A field of bytes, whole. */
export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + WIRE.bytes), varint(value.length), value]);
}

/** Bytes fields one inside the other, the outermost number first, around `inside`. */
export function nestedFields(numbers: readonly number[], inside: Uint8Array): Uint8Array {
  const heads: Uint8Array[] = [];
  let length = inside.length;
  for (const number of numbers.toReversed()) {
    heads.push(varint(length), varint(number * 8 + WIRE.bytes));
    length += (heads.at(-1)?.length ?? 0) + (heads.at(-2)?.length ?? 0);
  }
  return Buffer.concat([...heads.reverse(), inside], length);
}

/** So many copies, one behind the other. */
export function copies(piece: Uint8Array, times: number): Uint8Array {
  return piece.length === 0 ? piece : Buffer.alloc(piece.length * times, piece);
}
