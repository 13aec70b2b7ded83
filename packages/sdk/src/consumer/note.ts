/**
 * What stands beside a group's commits: which origin is settled, so that a restart hands over nothing that an earlier owner of
 * the partition acknowledged, and how many partitions the topic had when the group began.
 */
import type { SettledOrigin } from "@rondo/broker";

/** The memory of a group on one partition. */
export interface Note {
  /** Partitions of the topic when the group began: later ones are read from their first record on. */
  readonly partitions?: number;
  readonly origin?: SettledOrigin;
}

/** Writes `1 <partitions> <raw offset> <part> <at>`, the last three only where there is an origin. */
export function writeNote({ partitions = 0, origin }: Note): string {
  const settled = origin === undefined ? [] : [origin.offset, origin.part, origin.at];
  return [1, partitions, ...settled].join(" ");
}

const NOTE = /^1 (\d{1,9})(?: (\d{1,16}) (\d{1,9}) (\d{1,16}))?$/;

/** Reads it back. What somebody else wrote, such as Kafka's own tools when they move a group, says nothing. */
export function readNote(text: string): Note {
  const found = NOTE.exec(text);
  if (found === null) return {};
  const [, partitions, offset, part, at] = found;
  const origin = offset !== undefined && { offset: Number(offset), part: Number(part), at: Number(at) };
  return { ...(partitions !== "0" && { partitions: Number(partitions) }), ...(origin && { origin }) };
}
