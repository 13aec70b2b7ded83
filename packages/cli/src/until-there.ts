/** Waiting for what a role cannot work without: said once, shown in readiness, and over as soon as it answers. */
import { type Clock, Fault, type Log, sleep } from "@rondo/core";
import type { Readiness } from "@rondo/monitor";

/** How long to wait before something that did not answer is asked again, milliseconds. */
const AGAIN_MS = 1_000;

/** What a wait is made with. */
export interface WaitOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly readiness: Readiness;
  /** Ends the wait. */
  readonly abort: AbortSignal;
}

/**
 * Repeats `open` while it throws a Fault `unavailable`; `what` names it, such as `Kafka`. Throws every other Fault, and
 * `aborted` when the signal fires first.
 */
export async function untilThere<T>(what: string, open: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { clock, log, readiness, abort } = options;
  for (let tries = 0; ; tries++) {
    try {
      const there = await open();
      if (tries > 0) log.info(`${what} is there: going on`);
      readiness.holds(what);
      return there;
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code !== "unavailable") throw fault;
      if (tries === 0) log.warn(`${what} does not answer: waiting for it`, { fault });
      readiness.lacks(what, `${what} to answer`);
      await sleep(clock, AGAIN_MS, abort);
      if (abort.aborted) throw new Fault("aborted", `stopped while waiting for ${what}`);
    }
  }
}
