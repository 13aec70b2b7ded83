/** Memory for a body that is still arriving: what it declares is believed only as far as bytes follow. */
import { allocate, free } from "@rondo/core";

/** How many times the bytes that are here the memory for them may be: headers alone hold no large memory. */
export const AHEAD = 16;

/** Memory of `bytes` with the first `filled` of `before` in it; what they were in is freed. Throws RangeError when there is none. */
export function grown(before: Buffer | undefined, filled: number, bytes: number): Buffer {
  // Of its own, even when it is empty: whoever takes it frees it.
  const larger = allocate(bytes);
  if (before === undefined) return larger;
  before.copy(larger, 0, 0, filled);
  free(before);
  return larger;
}
