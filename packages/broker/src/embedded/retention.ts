/**
 * Which file of the journal may go. Age takes a file whoever has read it or not, as Kafka's `retention.ms` does: it is the one
 * promise about how long something unread is kept. Size takes only what every group has read: a log that runs over refuses new
 * data sooner than it forgets what was acknowledged.
 */
import type { Segment } from "./segment.ts";

/** How far a stream has been read by the group that has read least of it. */
export interface Unread {
  readonly group: string;
  /** The first offset that the group has not settled. */
  readonly offset: number;
}

/** What may be kept, and who still wants what. */
export interface RetentionOptions {
  /** A file whose newest record is older goes, milliseconds. */
  readonly retentionMs: number;
  /** Above it, files that every group has read go, oldest first, bytes; absent: only age takes any. */
  readonly retentionBytes?: number;
  /** The slowest group of a stream; undefined when no group reads it. Absent: there are no groups. */
  readonly unread?: (stream: number) => Unread | undefined;
}

/** What is to be done with the oldest file: `held` is one that size would take, had `group` read it. */
export type Judgement =
  | { readonly kind: "keep" }
  | { readonly kind: "remove" }
  | { readonly kind: "held"; readonly group: string; readonly bytes: number };

const KEEP: Judgement = { kind: "keep" };

/** Judges the oldest of `segments`. The newest is written on and always stays. */
export function judgeOldest(segments: readonly Segment[], now: number, options: RetentionOptions): Judgement {
  const { retentionMs, retentionBytes = Number.POSITIVE_INFINITY, unread } = options;
  const [oldest, next] = segments;
  if (oldest === undefined || next === undefined) return KEEP;
  if (oldest.lastTimestamp < now - retentionMs) return { kind: "remove" };
  const bytes = segments.reduce((sum, { end }) => sum + end, 0);
  if (bytes <= retentionBytes) return KEEP;
  // Where its successor begins is where it ends; a stream that stood still in between has nothing in it.
  for (let stream = 0; stream * 2 < next.starts.pairs().length; stream++) {
    const end = next.starts.next(stream);
    const slowest = oldest.starts.next(stream) < end ? unread?.(stream) : undefined;
    if (slowest !== undefined && slowest.offset < end) return { kind: "held", group: slowest.group, bytes };
  }
  return { kind: "remove" };
}
