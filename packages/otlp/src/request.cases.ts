/** Requests for tests: random ones, with all that the wire allows, and those of the recorded run. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import $protobuf from "protobufjs/minimal.js";
import { REQUEST_TYPES } from "./codec.ts";
import { Wire } from "./cursor.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { type Field, type Message, messageOf } from "./schema.ts";
import { SIGNALS, type Signal } from "./signal.ts";
import { Writer } from "./writer.ts";

// The codec leaves out what it does not know unless it is told not to: as the other opinion it must keep it.
$protobuf.Reader.discardUnknown = false;

/** Keys that collide often, among them those that decide the partition and those that hurt careless readers. */
export const KEYS = ["service.name", "service.instance.id", "a", "b", "http.method", "__proto__", "ключ", ""];

const KEY_FIELDS = new Set(["key", "name"]);
const texts = fc.oneof(fc.constantFrom("", "x", "42", "-7", "1.5", "true", "Ünïcode €"), fc.string({ maxLength: 200 }));
const bits64 = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(0n, 1n, 1n << 63n, (1n << 53n) + 1n),
);
const doubles = fc.double({ noNaN: true });

function scalar(field: Field): fc.Arbitrary<Uint8Array> {
  const start = () => new Writer(32).tag(field.number, field.wire);
  const finish = (fill: (out: Writer) => Writer) => fill(start()).finish();
  switch (field.kind) {
    case "string": {
      const text = KEY_FIELDS.has(field.name) ? fc.constantFrom(...KEYS) : texts;
      return text.map((value) => new Writer(32).text(field.number, value).finish());
    }
    case "bytes": {
      const length = field.name === "traceId" ? 16 : field.name.toLowerCase().endsWith("spanid") ? 8 : undefined;
      const bytes = fc.uint8Array(length ? { minLength: length, maxLength: length } : { maxLength: 40 });
      return bytes.map((value) => new Writer(32).bytes(field.number, length ? value.fill(7, 0, 1) : value).finish());
    }
    case "double":
      return doubles.map((value) => finish((out) => out.double(value)));
    case "fixed64":
    case "sfixed64":
      return bits64.map((value) => finish((out) => out.fixed64(value)));
    case "fixed32":
      return fc.nat(0xffffffff).map((value) => finish((out) => out.fixed32(value)));
    case "int64":
    case "uint64":
      return bits64.map((value) => finish((out) => out.varint64(value)));
    default:
      return fc.nat(field.kind === "bool" ? 1 : 20).map((value) => finish((out) => out.varint(value)));
  }
}

function packed(field: Field): fc.Arbitrary<Uint8Array> {
  return fc.array(bits64, { maxLength: 5 }).map((values) => {
    const out = new Writer(64);
    const start = out.open(field.number);
    for (const value of values) {
      if (field.wire === Wire.varint) out.varint64(value);
      else out.fixed64(field.kind === "double" ? value % 1000n : value);
    }
    return out.close(start).finish();
  });
}

/** Fields that no version of OTLP has, of every wire type. */
const unknown = fc
  .tuple(
    fc.integer({ min: 20, max: 40 }),
    fc.constantFrom(...Object.values(Wire)),
    fc.uint8Array({ maxLength: 20 }),
    bits64,
  )
  .map(([field, wire, value, bits]) => {
    const out = new Writer(32).tag(field, wire);
    if (wire === Wire.bytes) return out.varint(value.length).raw(value).finish();
    if (wire === Wire.varint) return out.varint64(bits).finish();
    return (wire === Wire.fixed64 ? out.fixed64(bits) : out.fixed32(value.length)).finish();
  });

/** An AnyValue of lists in lists, as deep as it may be here. */
const tower = fc.integer({ min: 1, max: 24 }).map((levels) => {
  let value = new Writer(8).text(1, "ground").finish();
  for (let level = 0; level < levels; level++) {
    value = new Writer(value.length + 16).bytes(5, new Writer(value.length + 8).bytes(1, value).finish()).finish();
  }
  return value;
});

function fieldOf(field: Field, depth: number): fc.Arbitrary<Uint8Array> {
  const { message } = field;
  if (message) {
    const any = messageOfDepth(message, message.name === "AnyValue" ? depth - 1 : depth);
    const values = message.name === "AnyValue" ? fc.oneof({ arbitrary: any, weight: 40 }, tower) : any;
    return values.map((value) => new Writer(value.length + 8).bytes(field.number, value).finish());
  }
  return field.repeated && field.wire !== Wire.bytes ? fc.oneof(scalar(field), packed(field)) : scalar(field);
}

const memo = new Map<string, fc.Arbitrary<Uint8Array>>();

/** Any message: its fields in any order, repeated, missing and empty, with unknown ones among them. */
function messageOfDepth(message: Message, depth: number): fc.Arbitrary<Uint8Array> {
  const key = `${message.name} ${depth}`;
  const known = memo.get(key);
  if (known) return known;
  const made = fc.constant(0).chain(() => fill(message, depth));
  memo.set(key, made);
  return made;
}

const built = new Map<string, fc.Arbitrary<Uint8Array>>();

function fill(message: Message, depth: number): fc.Arbitrary<Uint8Array> {
  const key = `${message.name} ${depth}`;
  const known = built.get(key);
  if (known) return known;
  const fields = [...message.byName.values()].filter((field) => depth > 0 || field.message === undefined);
  const choices = fields.map((field) => ({
    arbitrary: fieldOf(field, depth),
    weight: field.message && field.repeated ? 6 : 2,
  }));
  const any = fc.oneof({ arbitrary: unknown, weight: 1 }, ...choices);
  const required = message.name === "Span" ? fields.filter(({ name }) => name === "traceId" || name === "spanId") : [];
  // A metric with two kinds of data is refused, so none is made: at most one field of the oneof, and that once.
  const common = message.name === "Metric" ? fields.filter(({ oneof }) => !oneof) : undefined;
  const made = common
    ? fc
        .tuple(
          fc.array(fc.oneof(unknown, ...common.map((field) => fieldOf(field, depth))), { maxLength: 4 }),
          fc.oneof(...fields.filter(({ oneof }) => oneof).map((field) => fieldOf(field, depth))),
          fc.nat(4),
        )
        .map(([rest, data, at]) => Buffer.concat([...rest.slice(0, at), data, ...rest.slice(at)]))
    : fc
        .tuple(fc.array(any, { maxLength: 5 }), ...required.map((field) => fieldOf(field, depth)))
        .map(([rest, ...ids]) => Buffer.concat([...ids, ...rest]));
  built.set(key, made);
  return made;
}

/** Random requests of a signal that every reader takes. */
export function requests(signal: Signal): fc.Arbitrary<Uint8Array> {
  const message = messageOf(SIGNAL_MESSAGES[signal].request);
  return fc
    .array(
      fc.oneof({ arbitrary: fieldOf(message.fields[1] as Field, 3), weight: 8 }, { arbitrary: unknown, weight: 1 }),
      {
        maxLength: 4,
      },
    )
    .map((fields) => Buffer.concat(fields));
}

/** A signal with one of its random requests. */
export const anyRequest: fc.Arbitrary<readonly [Signal, Uint8Array]> = fc
  .constantFrom(...SIGNALS)
  .chain((signal) => requests(signal).map((body) => [signal, body] as const));

const mutations = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });

/** One of them with some bytes changed, and maybe an end missing: mostly malformed. */
export const mutatedRequest: fc.Arbitrary<readonly [Signal, Uint8Array]> = fc
  .tuple(anyRequest, mutations, fc.nat(8))
  .map(([[signal, body], changes, cut]) => {
    const bytes = Buffer.from(body.subarray(0, Math.max(0, body.length - (cut > 5 ? cut : 0))));
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    return [signal, bytes] as const;
  });

/** What the generated codec makes of a body, encoded again: equal for bodies that mean the same, unknown fields included. */
export function canonical(signal: Signal, body: Uint8Array): Buffer {
  const type = REQUEST_TYPES[signal];
  return Buffer.from(type.encode(type.decode(body)).finish());
}

/** Runs of a property that are at least so many: rare cases need them. */
export function atLeast(numRuns: number): { readonly numRuns: number } {
  return { numRuns: Math.max(numRuns, fc.readConfigureGlobal().numRuns ?? 0) };
}

/** The requests of the recorded run, in order, as protobuf. */
export function recorded(): { readonly signal: Signal; readonly body: Uint8Array }[] {
  const file = new URL("../../../deploy/demo/recording.ndjson.gz", import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trim().split("\n");
  return lines.map((line) => {
    const { signal, encoding, body } = JSON.parse(line);
    const bytes = Buffer.from(body, "base64");
    return { signal, body: encoding === "gzip" ? gunzipSync(bytes) : bytes };
  });
}
