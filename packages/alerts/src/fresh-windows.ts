/** Waits until a tenant's windows hold everything up to a time, and says why they do not when the wait is over. */
import { type Clock, Fault, sleep } from "@rondo/core";
import type { Freshness, WindowReader } from "@rondo/windows";

/** How long after its time an evaluation waits for the windows before its alerts are held, milliseconds: below the 10 s from slot to Alertmanager. */
export const PATIENCE_MS = 8_000;

/**
 * How long after its time an evaluation is still made, milliseconds, once the windows are whole again: at its own time and on all
 * that it asks for, since readers keep more than this beyond every rule's reach. So lateness costs time, and no evaluation.
 */
export const CATCH_UP_MS = 240_000;

/** How often the windows are asked meanwhile, milliseconds. */
const POLL_MS = 200;

/** Why windows that stand so do not answer for `upTo`; undefined when they do. */
export function whyNotFresh({ watermark, warming, otherSelectors }: Freshness, upTo: number): string | undefined {
  if (otherSelectors) {
    return "the windows are kept for other rules; start workers and alert workers with the same configuration and rule files";
  }
  if (warming) return "the windows are being refilled";
  if (watermark >= upTo) return undefined;
  const behind = Number.isFinite(watermark) ? `${Math.ceil((upTo - watermark) / 1_000)} s behind` : "empty";
  return `the windows are ${behind}`;
}

/** What is waited with. */
export interface FreshWait {
  readonly clock: Clock;
  /** Wall time at which the wait is over, milliseconds since the epoch. */
  readonly deadline: number;
  readonly abort: AbortSignal;
}

/** Asks at least once. Undefined when the windows hold everything up to `upTo`, else the reason why they do not. */
export async function untilFresh(
  windows: Pick<WindowReader, "refresh">,
  upTo: number,
  { clock, deadline, abort }: FreshWait,
): Promise<string | undefined> {
  // By the clock that nobody sets: a deadline that was made by one that was ahead may never come.
  const end = clock.monotonic() + (deadline - clock.now());
  for (;;) {
    const reason = await ask(windows, upTo);
    if (reason === undefined || clock.monotonic() >= end || abort.aborted) return reason;
    await sleep(clock, POLL_MS, abort);
  }
}

/** One look. A Fault that passes by itself is a reason like any other. */
export async function ask(windows: Pick<WindowReader, "refresh">, upTo: number): Promise<string | undefined> {
  try {
    return whyNotFresh(await windows.refresh(), upTo);
  } catch (thrown) {
    return `the windows cannot be read: ${Fault.from(thrown, "unavailable").message}`;
  }
}
