/** What a data point measured, apart from its identity and its times: read from the wire, added up, and written again. */
import { Cursor, Wire, type Writer } from "@rondo/otlp";

/** A kind of data points: number, histogram or exponential histogram. */
export interface PointKind<V> {
  /** The fields of the point that `write` writes. */
  readonly fields: ReadonlySet<number>;
  /** The measurement of the point message in `bytes[start, end)`; undefined when it has none. Throws WireError on malformed bytes. */
  read(bytes: Uint8Array, start: number, end: number): V | undefined;
  /** Both together; undefined when they cannot be added up, as with other bucket bounds. Changes neither. */
  add(sum: V, delta: V): V | undefined;
  /** How many buckets a measurement has. */
  buckets(value: V): number;
  /** Writes the fields of a measurement. */
  write(out: Writer, value: V): void;
}

/** An integer or a double. */
export type NumberValue = bigint | number;

const NUMBER = { double: 4, int: 6 } as const;

/** NumberDataPoint. A sum of integers stays one, and wraps as int64 does; with a double in it, it is a double. */
export const numberPoints: PointKind<NumberValue> = {
  fields: new Set(Object.values(NUMBER)),
  read(bytes, start, end) {
    const field = new Cursor(bytes, start, end);
    let value: NumberValue | undefined;
    while (field.next()) {
      if (field.is(NUMBER.double, Wire.fixed64)) value = field.double();
      else if (field.is(NUMBER.int, Wire.fixed64)) value = field.sfixed64();
    }
    return value;
  },
  add(sum, delta) {
    if (typeof sum === "bigint" && typeof delta === "bigint") return BigInt.asIntN(64, sum + delta);
    return Number(sum) + Number(delta);
  },
  buckets: () => 0,
  write(out, value) {
    if (typeof value === "bigint") out.tag(NUMBER.int, Wire.fixed64).fixed64(value);
    else out.tag(NUMBER.double, Wire.fixed64).double(value);
  },
};

/** Counts stop growing where they would not be exact any more, so that a sum is the same after it was written and read. */
const MOST = Number.MAX_SAFE_INTEGER;

/** A count of the wire as it is kept. */
export function keptCount(count: number): number {
  return Math.min(count, MOST);
}

/** The sum of two kept counts. */
export function addCounts(a: number, b: number): number {
  return Math.min(a + b, MOST);
}

/** The sum and the extremes that both kinds of histograms may have. */
export interface Summary {
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Both together. What one of them lacks is not known of the whole. */
export function addSummaries(a: Summary, b: Summary): Summary {
  return {
    ...(a.sum !== undefined && b.sum !== undefined && { sum: a.sum + b.sum }),
    ...(a.min !== undefined && b.min !== undefined && { min: Math.min(a.min, b.min) }),
    ...(a.max !== undefined && b.max !== undefined && { max: Math.max(a.max, b.max) }),
  };
}

/** Writes what a summary has, each under its field number. */
export function writeSummary(
  out: Writer,
  { sum, min, max }: Summary,
  fields: { readonly sum: number; readonly min: number; readonly max: number },
): void {
  if (sum !== undefined) out.tag(fields.sum, Wire.fixed64).double(sum);
  if (min !== undefined) out.tag(fields.min, Wire.fixed64).double(min);
  if (max !== undefined) out.tag(fields.max, Wire.fixed64).double(max);
}

/**
 * Adds the numbers of a repeated field, packed or not, that `field` stands on; `wire` is that of one number, `read` reads it. False
 * when the field is of another type.
 */
export function readNumbers(field: Cursor, wire: number, into: number[], read: (element: Cursor) => number): boolean {
  if (field.wire === wire) {
    into.push(read(field));
    return true;
  }
  if (field.wire !== Wire.bytes) return false;
  const element = new Cursor(field.bytes, field.start, field.stop);
  for (let at = field.start; at < field.stop; at = element.stop) into.push(read(element.element(at, wire)));
  return true;
}
