/** Memory for a body that is still arriving: what it declares is believed only as far as bytes follow. */
import { allocate, free } from "@rondo/core";

/** A body of this much needs one piece of memory when its first chunk, of 64 KiB, is here. */
const AT_ONCE = 1 << 20;

/**
 * The memory for a body of which so many bytes are here: headers alone hold none of size, and what a client has sent of a large body
 * holds four times as much.
 */
export function roomAhead(arrived: number): number {
  return Math.max(arrived * 4, Math.min(arrived * 16, AT_ONCE));
}

/** Memory of `bytes` with the first `filled` of `before` in it; what they were in is freed. Throws RangeError when there is none. */
export function grown(before: Buffer | undefined, filled: number, bytes: number): Buffer {
  // Of its own, even when it is empty: whoever takes it frees it.
  const larger = allocate(bytes);
  if (before === undefined) return larger;
  before.copy(larger, 0, 0, filled);
  free(before);
  return larger;
}
