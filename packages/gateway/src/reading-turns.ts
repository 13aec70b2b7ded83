/**
 * How much of bodies is read in one turn of the event loop. Node reads up to 2 MiB from every socket that has something before it
 * does anything else: two hundred clients that push at once would make one turn of some hundred milliseconds, in which nobody is
 * answered. Beyond the bound a body pauses, and goes on in its order in one of the next turns.
 */
import type { Clock } from "@rondo/core";

/** Bodies together, in one turn. */
const TURN_BYTES = 4 << 20;

/** What a paused body may bring when it goes on: what Node had read of it, and one read more. */
const BODY_BYTES = 128 << 10;

/** Smaller chunks are the end of a body or the whole of it: pausing would save nothing. */
export const SMALL_BYTES = 16 << 10;

/** Something that is read: a body, or all calls of a connection. */
export interface Source {
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
}

/** The turns of one listener. */
export interface ReadingTurns {
  /** Notes that `bytes` of `source` have been read; it pauses when they were too many in this turn. */
  read(source: Source, bytes: number): void;
}

/** Turns, with nothing read yet. Less than SMALL_BYTES is not counted. */
export function readingTurns(clock: Clock): ReadingTurns {
  let left = TURN_BYTES;
  let isBegun = false;
  /** In the order in which they paused; at most one entry a connection. */
  const paused: Source[] = [];

  const begin = () => {
    if (isBegun) return;
    isBegun = true;
    clock.after(1, next);
  };
  const next = () => {
    isBegun = false;
    left = TURN_BYTES;
    for (const source of paused.splice(0, TURN_BYTES / BODY_BYTES)) source.resume();
    if (paused.length > 0) begin();
  };

  return {
    read(source, bytes) {
      if (bytes < SMALL_BYTES) return;
      left -= bytes;
      begin();
      if (left >= 0 || source.isPaused()) return;
      source.pause();
      paused.push(source);
    },
  };
}
