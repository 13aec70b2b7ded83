/** Joins fields of a message that readers merge: there may be as many of them as it has bytes, so each is copied once. */
import { asBuffer, copyRange } from "./copy-range.ts";
import type { Cursor } from "./cursor.ts";

/** Where what counts of the field begins that the cursor stands on; -1 where nothing of it does. */
export type StartOf = (field: Cursor) => number;

/** What counts of the fields of the message that `message` stands before, to the end of each; not copied where it is one field. */
export function joinedFields(message: Cursor, startOf: StartOf): Uint8Array {
  const { stop: begin, end } = message;
  let fields = 0;
  let bytes = 0;
  let first = 0;
  while (message.next()) {
    const start = startOf(message);
    if (start < 0) continue;
    if (fields++ === 0) first = start;
    bytes += message.stop - start;
  }
  if (fields <= 1) return message.bytes.subarray(first, first + bytes);
  const source = asBuffer(message.bytes);
  const out = Buffer.allocUnsafeSlow(bytes);
  let filled = 0;
  message.over(begin, end);
  while (message.next()) {
    const start = startOf(message);
    if (start >= 0) filled = copyRange(source, start, message.stop, out, filled);
  }
  return out;
}
