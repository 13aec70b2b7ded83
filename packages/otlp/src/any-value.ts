/** AnyValue as bytes, and back as far as its kind and place: opentelemetry/proto/common/v1. */
import { Cursor, Wire } from "./cursor.ts";
import { KEY_VALUE } from "./layout.ts";
import { Writer } from "./writer.ts";

/** A value that becomes an AnyValue. Integral numbers within ±2^53 become ints, others doubles; null the empty value. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<string, Value>;

/** How deep values may nest, in arrays and maps. Deeper input is refused, since readers recurse. */
export const VALUE_DEPTH = 32;

/** The members of AnyValue by field number. An `index` has meaning in profiles only; elsewhere it is like the empty value. */
export const ANY = { string: 1, bool: 2, int: 3, double: 4, array: 5, map: 6, bytes: 7, index: 8 } as const;

/** ArrayValue.values and KeyValueList.values. */
export const VALUES = 1;

/**
 * The bytes of an AnyValue, without a tag of its own. A bigint must fit 64 signed bits; throws RangeError where it does
 * not, and where values nest deeper than VALUE_DEPTH.
 */
export function anyValue(value: Value): Uint8Array {
  const out = new Writer(32);
  write(out, value, 0);
  return out.finish();
}

/** The bytes of a KeyValue, without a tag of its own; `value` is an encoded AnyValue. */
export function keyValue(key: Uint8Array, value: Uint8Array): Uint8Array {
  return new Writer(key.length + value.length + 8).bytes(KEY_VALUE.key, key).bytes(KEY_VALUE.value, value).finish();
}

function write(out: Writer, value: Value, depth: number): void {
  if (depth > VALUE_DEPTH) throw new RangeError(`a value nests deeper than ${VALUE_DEPTH}`);
  if (value === null) return;
  if (typeof value === "string") out.text(ANY.string, value);
  else if (typeof value === "boolean") out.tag(ANY.bool, Wire.varint).varint(value ? 1 : 0);
  else if (typeof value === "bigint") writeInt(out, value);
  else if (typeof value === "number") {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) writeInt(out, BigInt(value));
    else out.tag(ANY.double, Wire.fixed64).double(value);
  } else if (value instanceof Uint8Array) out.bytes(ANY.bytes, value);
  else if (value instanceof Map) {
    const map = out.open(ANY.map);
    for (const [key, entry] of value) {
      const pair = out.open(VALUES);
      out.text(KEY_VALUE.key, key);
      const inner = out.open(KEY_VALUE.value);
      write(out, entry, depth + 1);
      out.close(inner).close(pair);
    }
    out.close(map);
  } else {
    const array = out.open(ANY.array);
    // Array.isArray does not narrow a readonly array out of the union; every other member was dealt with above.
    for (const entry of value as readonly Value[]) {
      const inner = out.open(VALUES);
      write(out, entry, depth + 1);
      out.close(inner);
    }
    out.close(array);
  }
}

function writeInt(out: Writer, value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} does not fit 64 signed bits`);
  out.tag(ANY.int, Wire.varint).varint64(value);
}

/** The wire type of each member of AnyValue. */
const MEMBER_WIRE: readonly (number | undefined)[] = [
  undefined,
  Wire.bytes,
  Wire.varint,
  Wire.varint,
  Wire.fixed64,
  Wire.bytes,
  Wire.bytes,
  Wire.bytes,
  Wire.varint,
];

/**
 * A cursor that stands on the member of the AnyValue in `bytes[start, stop)`, or undefined for the empty value. The last
 * member on the wire counts; an array or map that stands there several times in a row is one, as in every protobuf reader.
 */
export function memberOf(bytes: Uint8Array, start = 0, stop: number = bytes.length): Cursor | undefined {
  const cursor = new Cursor(bytes, start, stop);
  let last = -1;
  let field = 0;
  let fragments: Uint8Array[] | undefined;
  while (cursor.next()) {
    if (MEMBER_WIRE[cursor.field] !== cursor.wire) continue;
    if (cursor.field !== field) fragments = undefined;
    else if (field === ANY.array || field === ANY.map) {
      fragments ??= [firstValue(bytes, last, stop)];
      fragments.push(cursor.slice());
    }
    field = cursor.field;
    last = cursor.at;
  }
  if (last < 0) return undefined;
  if (fragments !== undefined) return memberOf(new Writer().bytes(field, Buffer.concat(fragments)).finish());
  cursor.over(last, stop).next();
  return cursor;
}

/** The entries of the ArrayValue or KeyValueList that `member` stands on. */
export function* entriesOf(member: Cursor): Generator<Uint8Array> {
  const entries = new Cursor(member.bytes, member.start, member.stop);
  while (entries.next()) if (entries.is(VALUES, Wire.bytes)) yield entries.slice();
}

/** The key of an encoded KeyValue, and its AnyValue, the fragments joined; undefined when it has none. */
export function pairOf(pair: Uint8Array): { readonly key: Uint8Array; readonly value: Uint8Array | undefined } {
  const field = new Cursor(pair);
  let key: Uint8Array = new Uint8Array(0);
  const values: Uint8Array[] = [];
  while (field.next()) {
    if (field.is(KEY_VALUE.key, Wire.bytes)) key = field.slice();
    else if (field.is(KEY_VALUE.value, Wire.bytes)) values.push(field.slice());
  }
  return { key, value: values.length === 0 ? undefined : Buffer.concat(values) };
}

/** The value of the field of bytes at `start`. */
function firstValue(bytes: Uint8Array, start: number, stop: number): Uint8Array {
  const cursor = new Cursor(bytes, start, stop);
  cursor.next();
  return cursor.slice();
}
