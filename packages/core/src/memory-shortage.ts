/** Tells a want of memory from bytes that are wrong: both are thrown, and only one of them is the client's to mend. */
import { Fault } from "./fault.ts";

/** What Node, zlib and zstd say when they got no memory. A zstd frame that asks for too large a window is none of these. */
const CODES: ReadonlySet<unknown> = new Set([
  "ERR_MEMORY_ALLOCATION_FAILED",
  "ERR_ZLIB_INITIALIZATION_FAILED",
  "Z_MEM_ERROR",
  "ZSTD_error_memory_allocation",
]);

/** What V8 says, which has no codes. */
const MESSAGE = "Array buffer allocation failed";

/** The fault of a failed allocation, `unavailable`, since later there may be memory; undefined for anything else thrown. */
export function memoryShortage(thrown: unknown): Fault | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const isShort = ("code" in thrown && CODES.has(thrown.code)) || thrown.message === MESSAGE;
  return isShort ? new Fault("unavailable", `no memory: ${thrown.message}`, { cause: thrown }) : undefined;
}
