/** Amounts of bytes as a configuration writes them. */
import { type Field, field } from "@rondo/core";

/** Binary units only: 64MB would leave open which of two sizes is meant. */
const UNITS: Readonly<Record<string, number>> = { "": 1, B: 1, KiB: 1 << 10, MiB: 1 << 20, GiB: 1 << 30 };
const SIZE = /^(\d+)\s*(B|KiB|MiB|GiB)?$/;

/** The smallest and the largest size that a field takes, and one that shows how it is written; else its default does. */
export interface SizeBounds {
  readonly min: string;
  readonly max: string;
  readonly example?: string;
}

/** A size in bytes: a number, or a number with KiB, MiB or GiB. Parses to bytes; without a default it is required. */
export function size(doc: string, fallback: string | undefined, bounds: SizeBounds): Field<number> {
  const { min, max, example = fallback ?? max } = bounds;
  return field(
    "size",
    doc,
    (raw, place) => {
      const bytes = bytesOf(String(raw));
      if (bytes !== undefined && bytes >= (bytesOf(min) ?? 0) && bytes <= (bytesOf(max) ?? 0)) return bytes;
      place.problem(`must be a size from ${min} to ${max}, such as ${example}`);
      return undefined;
    },
    fallback === undefined ? undefined : { value: bytesOf(fallback) ?? 0, text: fallback },
  );
}

/** Undefined for a text that is no size; the smallest and largest are judged by the caller, whose message names them. */
function bytesOf(written: string): number | undefined {
  const [, amount, unit = ""] = SIZE.exec(written.trim()) ?? [];
  const factor = UNITS[unit];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}
