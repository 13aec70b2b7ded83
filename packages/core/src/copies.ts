/** The two steps of every LZ77 block: bytes that stand in the input, and bytes that stand further back in the output. */
import { Fault } from "./fault.ts";

/** Below this many bytes a loop is faster than a call into memory copying. */
const SHORT = 24;

/** Copies `length` bytes of `input` from `at` to `out` at `to`. The caller has seen that both have room. */
export function copyLiteral(input: Uint8Array, at: number, out: Uint8Array, to: number, length: number): void {
  if (length > SHORT) out.set(input.subarray(at, at + length), to);
  else for (let i = 0; i < length; i++) out[to + i] = input[at + i] ?? 0;
}

/**
 * Appends to `out` at `to` the `length` bytes that begin `distance` before; they may overlap what is appended, and then repeat.
 * Throws an `invalid` Fault when that is before the first byte; the caller has seen that `out` has room.
 */
export function copyBack(out: Uint8Array, to: number, distance: number, length: number): void {
  if (distance < 1 || distance > to) throw new Fault("invalid", "a copy reaches before the beginning");
  const at = to - distance;
  if (length <= SHORT) {
    for (let i = 0; i < length; i++) out[to + i] = out[at + i] ?? 0;
  } else if (distance === 1) {
    out.fill(out[at] ?? 0, to, to + length);
  } else {
    // What has been appended can be copied too, so every step may be twice as long.
    for (let done = 0; done < length; ) {
      const step = Math.min(length - done, distance + done);
      out.copyWithin(to + done, at, at + step);
      done += step;
    }
  }
}

/** The unsigned little-endian integer of `bytes` bytes, four at most. Throws an `invalid` Fault when it is not all there. */
export function littleEndian(input: Uint8Array, at: number, bytes: number): number {
  if (at + bytes > input.length) throw new Fault("invalid", "it ends early");
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8) | (input[at + i] ?? 0);
  return value >>> 0;
}
