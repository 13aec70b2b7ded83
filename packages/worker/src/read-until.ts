/** Reading a claim under a signal of the reader's own. */
import type { Claim, LogRecord } from "@rondo/broker";

/**
 * The claim's next records, or none when `ended` fires first. What such a read takes in afterwards is lost to this reader,
 * which commits only what it settled: the partition's next owner reads it again.
 */
export async function readUntil(claim: Claim, maxBytes: number, ended: AbortSignal): Promise<readonly LogRecord[]> {
  if (ended.aborted) return [];
  const { promise, resolve } = Promise.withResolvers<readonly LogRecord[]>();
  const end = () => resolve([]);
  ended.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([claim.read(maxBytes), promise]);
  } finally {
    ended.removeEventListener("abort", end);
  }
}
