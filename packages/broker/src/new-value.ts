/** A record's value on its way into the log: it may still be the pieces that it was gathered from, which a log writes one by one. */
import { allocate } from "@rondo/core";

/** A value, or the pieces that follow each other in it. */
export type NewValue = Uint8Array | readonly Uint8Array[];

/** The pieces of a value, in their order. */
export function valuePieces(value: NewValue): readonly Uint8Array[] {
  return value instanceof Uint8Array ? [value] : value;
}

/** The bytes of a value. */
export function valueBytes(value: NewValue): number {
  if (value instanceof Uint8Array) return value.length;
  return value.reduce((sum, piece) => sum + piece.length, 0);
}

/**
 * The value in one piece, for whoever cannot do with several: a copy, unless it is one, in memory that can be freed. Throws RangeError
 * when there is none.
 */
export function wholeValue(value: NewValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const whole = allocate(valueBytes(value));
  let at = 0;
  for (const piece of value) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
