/**
 * The time of a scenario. Its description counts in milliseconds from its beginning, as if it ran at its own pace; a speed
 * makes every duration that much shorter, and a start puts the whole onto the calendar. Nothing but this file divides.
 */

/** One minute of a description, in milliseconds. */
export const MINUTE = 60_000;

/** Where and how fast a scenario happens. */
export interface EventTime {
  /** The beginning, milliseconds since the epoch. */
  readonly startMs: number;
  /** How often faster than described; 1 or more. */
  readonly speed: number;
}

/** The time at which a moment of the description happens: whole milliseconds since the epoch. */
export function momentAt({ startMs, speed }: EventTime, ms: number): number {
  return startMs + Math.round(ms / speed);
}

/** The same in nanoseconds since the epoch, as OTLP has it. */
export function nanosAt(time: EventTime, ms: number): bigint {
  return BigInt(momentAt(time, ms)) * 1_000_000n;
}

/** How long a described duration takes, in milliseconds. */
export function lasting({ speed }: EventTime, ms: number): number {
  return ms / speed;
}

/** Throws RangeError unless the start is a whole number of milliseconds and the speed at least 1. */
export function assertEventTime({ startMs, speed }: EventTime): void {
  if (!Number.isSafeInteger(startMs)) throw new RangeError(`start ${startMs} must be whole milliseconds`);
  if (!(speed >= 1) || !Number.isFinite(speed)) throw new RangeError(`speed ${speed} must be 1 or more`);
}
