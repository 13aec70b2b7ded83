/** A record whose value is in one piece: its readers get the very memory that was written. */
import { free } from "@rondo/core";
import type { NewRecord, WholeRecord } from "../log.ts";
import { wholeValue } from "../new-value.ts";

/** The record with its value in one piece. Pieces that were given are freed. Throws RangeError when there is no memory. */
export function wholeRecord({ headers, value, given }: NewRecord): WholeRecord {
  if (value instanceof Uint8Array) return { headers, value, ...(given && { given }) };
  const whole = wholeValue(value);
  if (given) for (const piece of value) free(piece);
  // Nobody else has it.
  return { headers, value: whole, given: true };
}
