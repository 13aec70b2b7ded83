/** Tries again what Kafka could not do just now, until it can, a deadline passes or nobody wants it any more. */
import { type Clock, Fault, sleep } from "@rondo/core";
import { type Failure, failureOf, faultOf } from "./kafka-fault.ts";

/** The first pause between two tries, and the longest; each is twice the one before. Milliseconds. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/** How something is tried. */
export interface Persistence {
  readonly clock: Clock;
  /** What is tried, as the subject of "… failed". */
  readonly doing: string;
  /** From the first try on, milliseconds; a try under way is awaited. */
  readonly deadlineMs: number;
  readonly abort?: AbortSignal;
  /** Called before each pause: the place to forget what is no longer true. */
  readonly onFailure?: (failure: Failure) => void;
}

const never = new AbortController().signal;

/** The pause before try `tries + 1`, milliseconds. */
export function pauseAfter(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 10));
}

/** Runs `attempt` until it resolves. Throws the Fault of the last failure, `aborted` when `abort` fired first. */
export async function persist<T>(how: Persistence, attempt: () => Promise<T>): Promise<T> {
  const { clock, doing, deadlineMs, abort = never, onFailure } = how;
  const end = clock.monotonic() + deadlineMs;
  for (let tries = 0; ; tries++) {
    if (abort.aborted) throw new Fault("aborted", `${doing} was given up`);
    try {
      return await attempt();
    } catch (thrown) {
      const failure = failureOf(thrown);
      const passes = failure.remedy === "again" || failure.remedy === "leader" || failure.remedy === "coordinator";
      if (!passes || clock.monotonic() >= end) throw faultOf(failure, doing, thrown);
      onFailure?.(failure);
    }
    await sleep(clock, pauseAfter(tries), abort);
  }
}
