/** A partition in the hands of one member: reading waits without polling, and everything written is fenced by the lease. */
import { Fault } from "@rondo/core";
import type { Appended, Claim, ClaimStart, LogRecord, NewRecord } from "../log.ts";
import type { Loss } from "../loss.ts";
import type { StateWrite } from "../state.ts";
import type { Journal } from "./journal.ts";

/** What a claim stands for, and what it works on. */
export interface ClaimSettings {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly generation: number;
  readonly start: ClaimStart;
  readonly revoked: AbortSignal;
  readonly stream: number;
  readonly journal: Journal;
  /** Retention was faster than the claim's reader. */
  readonly onLoss: (loss: Loss) => void;
  readonly append: (
    topic: string,
    partition: number,
    records: readonly NewRecord[],
    check: () => void,
  ) => Promise<Appended>;
  readonly commit: (offset: number, state: readonly StateWrite[], check: () => void) => Promise<void>;
}

/** The claim of a group on a partition, valid until `revoked` fires. */
export function makeClaim(settings: ClaimSettings): Claim {
  const { group, topic, partition, generation, start, revoked, stream, journal, onLoss } = settings;
  let position = start.committed ?? start.registered;
  const check = () => {
    if (!revoked.aborted) return;
    throw new Fault("aborted", `group ${group}: partition ${partition} of ${topic} was taken away`);
  };
  /** Records at the read position, from memory or disk; empty when there is none. */
  const next = async (maxBytes: number): Promise<readonly LogRecord[]> => {
    const { low, high } = journal.watermarks(stream);
    if (position < low) {
      onLoss({ group, topic, partition, from: position, to: low });
      position = low;
    }
    if (position >= high) return [];
    const from = position;
    const records = await journal.read(stream, from, maxBytes);
    // A seek or a revocation while the disk was read: what was read is not what is wanted any more.
    if (revoked.aborted || position !== from) return [];
    const last = records.at(-1);
    // Nothing readable up to the end: it was damaged, and reported as such.
    position = last === undefined ? Math.max(position, high) : last.offset + 1;
    return records;
  };
  return {
    topic,
    partition,
    generation,
    start,
    revoked,
    lost: revoked,
    seek(offset) {
      position = offset;
    },
    async read(maxBytes) {
      while (!revoked.aborted) {
        const records = await next(maxBytes);
        if (records.length > 0) return records;
        if (!revoked.aborted && position >= journal.watermarks(stream).high) await journal.changed(stream, revoked);
      }
      return [];
    },
    async append(to, toPartition, records) {
      check();
      return await settings.append(to, toPartition, records, check);
    },
    async commit(offset, state) {
      check();
      await settings.commit(offset, state, check);
    },
  };
}
