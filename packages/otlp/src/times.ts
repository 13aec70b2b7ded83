/** The times of a request, read and rewritten where they stand: all are fixed64 nanoseconds of the epoch, zero for unknown. */
import { Cursor, Wire } from "./cursor.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { located } from "./locate.ts";
import { type Message, messageOf } from "./schema.ts";
import type { Signal } from "./signal.ts";

/**
 * A copy of the request with `map` applied to every time: span start and end, events, log time and observed time, point
 * start and time, exemplars. Zero, which stands for unknown, stays. The result of `map` is taken modulo 2^64; it should not
 * be zero. The body itself is not changed. Throws WireError on malformed bytes around the times.
 */
export function shiftTimes(signal: Signal, body: Uint8Array, map: (unixNanos: bigint) => bigint): Uint8Array {
  const out = Buffer.allocUnsafeSlow(body.length);
  out.set(body);
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  forEachTime(signal, body, (cursor) => {
    const nanos = cursor.fixed64();
    if (nanos !== 0n) view.setBigUint64(cursor.start, BigInt.asUintN(64, map(nanos)), true);
  });
  return out;
}

/** Earliest and latest time of a request. */
export interface TimeRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** The range of all times that are not zero, in nanoseconds of the epoch; undefined when there is none. */
export function timeRange(signal: Signal, body: Uint8Array): TimeRange | undefined {
  let first: bigint | undefined;
  let last = 0n;
  forEachTime(signal, body, (cursor) => {
    const nanos = cursor.fixed64();
    if (nanos === 0n) return;
    if (first === undefined || nanos < first) first = nanos;
    if (nanos > last) last = nanos;
  });
  return first === undefined ? undefined : { first, last };
}

/** What leads to times: by message, the fields that are times, and those that hold messages with times. */
interface TimeFields {
  readonly times: ReadonlySet<number>;
  readonly inner: ReadonlyMap<number, TimeFields>;
}

const known = new Map<Message, TimeFields | undefined>();

/** The fields of a message that are or lead to times; undefined when none do. Values and attributes never do. */
function timeFieldsOf(message: Message): TimeFields | undefined {
  // Set first, since AnyValue holds itself.
  if (known.has(message)) return known.get(message);
  known.set(message, undefined);
  const times = new Set<number>();
  const inner = new Map<number, TimeFields>();
  for (const field of message.byName.values()) {
    if (field.kind === "fixed64" && field.name.toLowerCase().endsWith("unixnano")) times.add(field.number);
    const below = field.message && timeFieldsOf(field.message);
    if (below) inner.set(field.number, below);
  }
  const found = times.size + inner.size > 0 ? { times, inner } : undefined;
  known.set(message, found);
  return found;
}

/** Calls `visit` with a cursor on every time. */
function forEachTime(signal: Signal, body: Uint8Array, visit: (time: Cursor) => void): void {
  const fields = timeFieldsOf(messageOf(SIGNAL_MESSAGES[signal].request));
  if (fields === undefined) return;
  located(signal, body, () => walk(fields, new Cursor(body), visit));
}

function walk(fields: TimeFields, cursor: Cursor, visit: (time: Cursor) => void): void {
  while (cursor.next()) {
    if (cursor.wire === Wire.fixed64) {
      if (fields.times.has(cursor.field)) visit(cursor);
    } else if (cursor.wire === Wire.bytes) {
      const inner = fields.inner.get(cursor.field);
      if (inner !== undefined) walk(inner, new Cursor(cursor.bytes).enter(cursor), visit);
    }
  }
}
