/**
 * OTLP requests as objects, by the codec that protobufjs generates from proto/. For debug output, dry runs, plug-ins that ask
 * for objects, and as the other opinion in tests; never on the way from a receiver to an exporter. Not part of the
 * package's main entry point, so that what only moves bytes never loads protobufjs.
 */
import "./exact-longs.ts";
import type { DecodedRequest } from "./decoded.ts";
import * as generated from "./gen/codec.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { type Field, type Message, messageOf } from "./schema.ts";
import type { Signal } from "./signal.ts";
import { WireError } from "./wire-error.ts";

export type * from "./decoded.ts";
export { type DecodedItem, decodedItems } from "./decoded-items.ts";

/** One generated message type, as far as it is used here. */
export interface GeneratedType {
  decode(body: Uint8Array): object;
  encode(message: object): { finish(): Uint8Array };
}

interface Services {
  readonly trace: { readonly v1: { readonly ExportTraceServiceRequest: GeneratedType } };
  readonly metrics: { readonly v1: { readonly ExportMetricsServiceRequest: GeneratedType } };
  readonly logs: { readonly v1: { readonly ExportLogsServiceRequest: GeneratedType } };
}

// The generated file is JavaScript without types of its own; descriptors.test.ts and codec.test.ts hold it to this shape.
const { collector } = (generated.opentelemetry as unknown as { readonly proto: { readonly collector: Services } })
  .proto;

/** The generated type of a signal's request. It leaves out unknown fields, unless protobufjs is told to keep them. */
export const REQUEST_TYPES: Readonly<Record<Signal, GeneratedType>> = {
  traces: collector.trace.v1.ExportTraceServiceRequest,
  metrics: collector.metrics.v1.ExportMetricsServiceRequest,
  logs: collector.logs.v1.ExportLogsServiceRequest,
};

/** Decodes a request; unknown fields are left out. Throws WireError on malformed bytes. */
export function decodeRequest<S extends Signal>(signal: S, body: Uint8Array): DecodedRequest<S> {
  let message: object;
  try {
    message = REQUEST_TYPES[signal].decode(body);
  } catch (thrown) {
    throw new WireError(thrown instanceof Error ? thrown.message : String(thrown), 0, "request");
  }
  // Built from the table of messages, which decoded.ts mirrors; codec.test.ts decodes every field of every message.
  return plain(messageOf(SIGNAL_MESSAGES[signal].request), message) as DecodedRequest<S>;
}

/** Encodes a request given as objects; 64-bit integers may be bigints, safe numbers or decimal strings, lists may be absent. */
export function encodeRequest<S extends Signal>(signal: S, request: DecodedRequest<S>): Uint8Array {
  const message = wired(messageOf(SIGNAL_MESSAGES[signal].request), request);
  return REQUEST_TYPES[signal].encode(message).finish();
}

const LONG_KINDS: ReadonlySet<string> = new Set(["int64", "uint64", "fixed64", "sfixed64"]);

function plain(message: Message, from: object): object {
  return converted(message, from, (field, value) => {
    if (field.message !== undefined) return plain(field.message, objectIn(value));
    // A Buffer or not, according to the body: a plain view either way.
    if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return LONG_KINDS.has(field.kind) ? toBigint(field, value) : value;
  });
}

function wired(message: Message, from: object): object {
  return converted(message, from, (field, value) => {
    if (field.message !== undefined) return wired(field.message, objectIn(value));
    return LONG_KINDS.has(field.kind) ? toLong(value) : value;
  });
}

/** The fields of `from` that the message has and that are set, each value or element converted. Repeated ones are lists. */
function converted(message: Message, from: object, convert: (field: Field, value: unknown) => unknown): object {
  const to: Record<string, unknown> = {};
  for (const field of message.byName.values()) {
    const value: unknown = Object.hasOwn(from, field.name) ? Reflect.get(from, field.name) : undefined;
    if (field.repeated) to[field.name] = Array.isArray(value) ? value.map((entry) => convert(field, entry)) : [];
    else if (value !== undefined && value !== null) to[field.name] = convert(field, value);
  }
  return to;
}

function objectIn(value: unknown): object {
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError(`expected an object, found ${typeof value}`);
}

/** protobufjs gives 64-bit integers as Longs, two halves that lose nothing; as numbers they would lose all above 2^53. */
function toBigint(field: Field, value: unknown): bigint {
  const long = objectIn(value);
  const half = (name: "low" | "high") => BigInt(Number(Reflect.get(long, name)) >>> 0);
  const bits = (half("high") << 32n) | half("low");
  return field.kind === "int64" || field.kind === "sfixed64" ? BigInt.asIntN(64, bits) : bits;
}

function toLong(value: unknown): { low: number; high: number; unsigned: boolean } {
  if (typeof value !== "bigint" && typeof value !== "number" && typeof value !== "string") {
    throw new TypeError(`expected a 64-bit integer, found ${typeof value}`);
  }
  const bits = BigInt.asUintN(64, BigInt(value));
  return { low: Number(bits & 0xffffffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: false };
}
