/** Compresses the records of a batch before a try to send it, where that makes them smaller. */
import { allocate, free, memoryShortage } from "@rondo/core";
import type { Turn } from "./codecs/codec.ts";
import { CODECS, type Compression } from "./codecs/table.ts";
import { batchBytes, type OutRecord, type Packed, writeRecords } from "./record-batch.ts";

/** Smaller batches, such as those that only tell the time, go as they are: there is nothing to gain. */
const SMALLEST_BYTES = 512;

/**
 * The records, compressed; undefined where they go as they are. Holds none of the records' memory when it resolves. Rejects with
 * `unavailable` when there is no memory.
 */
export async function pack(
  records: readonly OutRecord[],
  compression: Compression,
  turn: Turn,
): Promise<Packed | undefined> {
  if (compression === "none" || batchBytes(records) < SMALLEST_BYTES) return undefined;
  const codec = CODECS[compression];
  try {
    const whole = writeRecords(records, allocate);
    try {
      const pieces = await codec.compress(whole, turn);
      const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      return bytes < whole.length ? { codec: codec.id, pieces } : undefined;
    } finally {
      free(whole);
    }
  } catch (thrown) {
    throw memoryShortage(thrown) ?? thrown;
  }
}
