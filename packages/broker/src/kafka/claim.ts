/** A partition in the hands of one member of a Kafka group; everything written is fenced by the member's lease. */
import type { Appended, Claim, ClaimStart, LogRecord, NewRecord } from "../log.ts";
import type { StateWrite } from "../state.ts";
import type { Feed } from "./feed.ts";

/** What claims write through. `check` runs right before bytes go out, and throws to withdraw them. */
export interface ClaimWriter {
  append(topic: string, partition: number, records: readonly NewRecord[], check: () => void): Promise<Appended>;
  putState(writes: readonly StateWrite[], check: () => void): Promise<void>;
}

/** What a claim stands for, and what it works on. */
export interface ClaimSettings {
  readonly topic: string;
  readonly partition: number;
  readonly generation: number;
  readonly start: ClaimStart;
  readonly revoked: AbortSignal;
  readonly lost: AbortSignal;
  readonly feed: Feed;
  /** Throws `aborted` when nothing may be written in this claim's name any more. */
  readonly check: () => void;
  readonly writer: ClaimWriter;
  /** Commits an offset, together with what others of the group commit at the time. */
  readonly commitOffset: (offset: number, check: () => void) => Promise<void>;
}

/**
 * The claim of a group on a partition. When `revoked` fires it reads nothing more, and what runs on it may still write down
 * what it has done: the group waits for it. When its member was lost it may write nothing.
 */
export function makeClaim(settings: ClaimSettings): Claim {
  const { topic, partition, generation, start, revoked, lost, feed, check, writer } = settings;
  return {
    topic,
    partition,
    generation,
    start,
    revoked,
    lost,
    seek: (offset) => feed.seek(offset),
    async read(maxBytes): Promise<readonly LogRecord[]> {
      return revoked.aborted ? [] : await feed.take(maxBytes);
    },
    async append(to, toPartition, records) {
      check();
      return await writer.append(to, toPartition, records, check);
    },
    async commit(offset, state) {
      check();
      if (state.length > 0) await writer.putState(state, check);
      await settings.commitOffset(offset, check);
    },
  };
}
