/** Protobuf to OTLP/JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
import { VALUE_DEPTH } from "./any-value.ts";
import { Cursor, Wire } from "./cursor.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { located } from "./locate.ts";
import { type Field, isId, type Message, messageOf } from "./schema.ts";
import type { Signal } from "./signal.ts";
import { WireError } from "./wire-error.ts";

/**
 * The request as OTLP/JSON: ids in hex, other bytes in base64, enums as integers, 64-bit integers as strings, doubles that
 * JSON lacks as "NaN", "Infinity" and "-Infinity". Fields that are not on the wire, and unknown ones, are left out. Throws
 * WireError on malformed bytes and on values nested deeper than VALUE_DEPTH.
 */
export function requestToJson(signal: Signal, body: Uint8Array): string {
  const message = messageOf(SIGNAL_MESSAGES[signal].request);
  return located(signal, body, () => JSON.stringify(read(message, new Cursor(body), {}, 0)));
}

/** Whether a value is the default of its type, as it is written. "0" is one of integers only. */
function isDefault(field: Field, value: unknown): boolean {
  return value === 0 || value === false || value === "" || (value === "0" && field.kind !== "string");
}

type Json = Record<string, unknown>;

/** Reads the fields that `cursor` stands before into `target`, which has those of an earlier fragment of the message. */
function read(message: Message, cursor: Cursor, target: Json, depth: number): Json {
  if (depth > VALUE_DEPTH + 1) throw new WireError(`values nested deeper than ${VALUE_DEPTH}`, cursor.stop);
  while (cursor.next()) {
    const field = message.fields[cursor.field];
    if (field === undefined) continue;
    if (field.repeated) {
      const list = target[field.name];
      const values = Array.isArray(list) ? list : [];
      target[field.name] = values;
      readRepeated(field, cursor, values, depth);
      continue;
    }
    if (field.wire !== cursor.wire) continue;
    const before = target[field.name];
    if (field.oneof) forgetOthers(message, field, target);
    const value = field.message ? nested(field.message, cursor, before, depth) : scalar(field, cursor);
    if (field.implicit && isDefault(field, value)) delete target[field.name];
    else target[field.name] = value;
  }
  return target;
}

function readRepeated(field: Field, cursor: Cursor, values: unknown[], depth: number): void {
  if (field.wire === cursor.wire) {
    values.push(field.message ? nested(field.message, cursor, undefined, depth) : scalar(field, cursor));
  } else if (cursor.wire === Wire.bytes) {
    for (let at = cursor.start; at < cursor.stop; ) {
      const element = new Cursor(cursor.bytes, 0, cursor.stop).element(at, field.wire);
      values.push(scalar(field, element));
      at = element.stop;
    }
  }
}

function nested(message: Message, cursor: Cursor, before: unknown, depth: number): Json {
  const inner = new Cursor(cursor.bytes).enter(cursor);
  const target = typeof before === "object" && before !== null ? { ...before } : {};
  return read(message, inner, target, message.name === "AnyValue" ? depth + 1 : depth);
}

function forgetOthers(message: Message, kept: Field, target: Json): void {
  for (const field of message.byName.values()) if (field.oneof && field !== kept) delete target[field.name];
}

/** A double as JSON can say it. */
function double(value: number): number | string {
  return Number.isFinite(value) ? (Object.is(value, -0) ? "-0" : value) : String(value);
}

const zigzag = (value: number) => (value >>> 1) ^ -(value & 1);
const int32 = (cursor: Cursor) => Number(BigInt.asIntN(32, cursor.int64()));

const SCALAR_JSON: Readonly<Record<Exclude<Field["kind"], "message" | "bytes">, (cursor: Cursor) => unknown>> = {
  string: (cursor) => cursor.text(),
  bool: (cursor) => cursor.int64() !== 0n,
  int32,
  enum: int32,
  uint32: (cursor) => Number(BigInt.asUintN(32, cursor.int64())),
  sint32: (cursor) => zigzag(Number(BigInt.asUintN(32, cursor.int64()))),
  int64: (cursor) => cursor.int64().toString(),
  uint64: (cursor) => BigInt.asUintN(64, cursor.int64()).toString(),
  fixed32: (cursor) => cursor.fixed32(),
  fixed64: (cursor) => cursor.fixed64().toString(),
  sfixed64: (cursor) => cursor.sfixed64().toString(),
  double: (cursor) => double(cursor.double()),
};

function scalar(field: Field, cursor: Cursor): unknown {
  if (field.kind === "message") return undefined;
  if (field.kind !== "bytes") return SCALAR_JSON[field.kind](cursor);
  return Buffer.from(cursor.slice()).toString(isId(field) ? "hex" : "base64");
}
