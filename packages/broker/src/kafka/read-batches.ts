/**
 * Reads what a fetch brought of one partition. What cannot be read – damaged, of a format or a compression that nobody knows, larger
 * than a batch may be once inflated – becomes a record that says so, and everything behind it is read on.
 */
import { Fault, memoryShortage } from "@rondo/core";
import type { Turn } from "./codecs/codec.ts";
import { codecOf } from "./codecs/table.ts";
import {
  type BadBatch,
  findBatches,
  type InRecord,
  readRecords,
  type SoundBatch,
  UNKNOWN_TIME,
} from "./record-batch.ts";

/** A compressed batch that would grow beyond this is not read: eight times what a batch of ours has before it is compressed. */
export const MAX_INFLATED_BYTES = 32 << 20;

/** How to read. */
export interface ReadOptions {
  /** `<topic>/<partition>`, for messages. */
  readonly where: string;
  /** The first offset that is wanted. */
  readonly wanted: number;
  /** No further batch is inflated once they have become so many bytes: it is left for the next fetch. */
  readonly inflatedBytes: number;
  readonly turn: Turn;
}

/** What came of a partition. */
export interface ReadBatches {
  /** Records from the wanted offset on. */
  readonly records: readonly InRecord[];
  /** Where to go on: behind the last whole batch, though compaction or a transaction left nothing to see of it. */
  readonly next: number;
  /** How many bytes came of one that was compressed; 1 where nothing was. */
  readonly growth: number;
  /** The first record stands for a batch whose bytes are not those that were written: asked for once more, they may be. */
  readonly damaged?: true;
}

/** Reads batches. A damaged one that is not the first is left for the next fetch. Rejects with `unavailable` when there is no memory. */
export async function readBatches(bytes: Buffer, options: ReadOptions): Promise<ReadBatches> {
  const { where, wanted, inflatedBytes, turn } = options;
  const records: InRecord[] = [];
  let next = wanted;
  let [compressed, inflated] = [0, 0];
  for (const batch of findBatches(bytes, wanted)) {
    if (batch.fault !== undefined) {
      if (batch.damaged && next > wanted) break;
      records.push(stand(batch, batch.fault, where));
      next = Math.max(next, batch.next);
      if (batch.damaged) return { records, next, growth: 1, damaged: true };
      continue;
    }
    if (!batch.isControl && batch.count > 0) {
      if (batch.codec !== 0 && inflated >= inflatedBytes && next > wanted) break;
      try {
        const body = await inflate(batch.body, batch.codec, turn);
        if (batch.codec !== 0) {
          compressed += batch.body.length;
          inflated += body.length;
        }
        for (const record of readRecords(batch, body)) records.push(record);
      } catch (thrown) {
        const fault = memoryShortage(thrown) ?? Fault.from(thrown);
        if (fault.code === "unavailable" || fault.code === "bug") throw fault;
        records.push(stand(batch, fault, where, batch.stamp ?? batch.first));
      }
    }
    next = Math.max(next, batch.next);
  }
  return { records, next, growth: compressed === 0 ? 1 : Math.max(1, inflated / compressed) };
}

async function inflate(body: Buffer, id: number, turn: Turn): Promise<Buffer> {
  if (id === 0) return body;
  const codec = codecOf(id);
  if (codec === undefined) throw new Fault("unsupported", `a batch of the unknown compression ${id}`);
  return await codec.inflate(body, MAX_INFLATED_BYTES, turn);
}

/** A record in the place of a batch; its time is not known where the batch is not whole. */
function stand(
  { from, bytes }: BadBatch | SoundBatch,
  fault: Fault,
  where: string,
  timestamp = UNKNOWN_TIME,
): InRecord {
  const message = `what stands at offset ${from} of ${where} cannot be read: ${fault.message}`;
  const record = { offset: from, timestamp, key: null, headers: {}, value: bytes };
  return { ...record, fault: new Fault(fault.code, message) };
}
