/** Time and chance as arguments, so that tests decide both. */

/** Wall time, monotonic time and timers. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds that only grow, for durations. */
  monotonic(): number;
  /** Calls `run` once after `ms`; the returned function cancels it. Does not keep the process alive when `background`. */
  after(ms: number, run: () => void, options?: { readonly background?: boolean }): () => void;
}

/** A number in [0, 1). */
export type Random = () => number;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run, options) {
    const timer = setTimeout(run, ms);
    if (options?.background === true) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when `abort` fires; never rejects. */
export function sleep(clock: Clock, ms: number, abort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (abort.aborted) return resolve();
    const done = () => {
      cancel();
      abort.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    abort.addEventListener("abort", done, { once: true });
  });
}

/** Resolves when the signal fires, at once when it has. */
export function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
