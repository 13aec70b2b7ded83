/** Gives a group of appends its offsets, timestamps and positions in the file, before anything is written. */
import type { Appended, WholeRecord } from "../log.ts";
import { type Body, encodeHeader, HEADER_BYTES } from "./frame.ts";
import type { Positions } from "./segment.ts";

/** An append that waits to be written. */
export interface Pending {
  readonly stream: number;
  readonly records: readonly WholeRecord[];
  readonly body: Body;
  /** Runs just before the write; throws to withdraw. */
  readonly check: () => void;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (fault: Error) => void;
}

/** An append with its place. */
export interface Placed {
  readonly pending: Pending;
  readonly appended: Appended;
  /** Of its frame in the file. */
  readonly position: number;
}

/** Where and when a group is written. */
export interface Place {
  /** The broker's clock, milliseconds since the epoch. */
  readonly now: number;
  /** Where in the file the group begins. */
  readonly position: number;
  /** Below which the file is durable. */
  readonly synced: number;
  readonly salt: number;
}

/**
 * The bytes to write, and what to answer when they are durable. Offsets go on from `positions`, which stays as it is: a
 * group that fails has used none. Timestamps are the clock's, but never go backwards within a stream.
 */
export function placeGroup(
  group: readonly Pending[],
  positions: Positions,
  { now, position: first, synced, salt }: Place,
): { readonly chunks: readonly Uint8Array[]; readonly placed: readonly Placed[] } {
  const moved = positions.copy();
  const chunks: Uint8Array[] = [];
  const placed: Placed[] = [];
  let position = first;
  for (const pending of group) {
    const { stream, records, body } = pending;
    const base = moved.next(stream);
    const count = records.length;
    const timestamp = Math.max(now, moved.timestamp(stream));
    moved.move(stream, base + count, timestamp);
    const { length: bodyLength, crc: bodyCrc } = body;
    chunks.push(
      encodeHeader({ kind: "records", stream, base, count, timestamp, synced, bodyLength, bodyCrc }, salt),
      ...body.chunks,
    );
    placed.push({ pending, appended: { baseOffset: base, timestamp }, position });
    position += HEADER_BYTES + bodyLength;
  }
  return { chunks, placed };
}
