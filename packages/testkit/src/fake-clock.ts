/** A clock that stands still until a test moves it: timers run in the order in which they fall due, and nothing waits for real. */
import type { Clock } from "@rondo/core";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** The Clock of a test. `now` starts at a fixed instant, so that a failure shows the same numbers again. */
export class FakeClock implements Clock {
  #epoch: number;
  #elapsed = 0;
  /** In the order of their creation, which decides among timers that are due together. */
  readonly #timers = new Set<Timer>();

  /** `epoch` is the wall time at which the clock starts, milliseconds. */
  constructor(epoch = Date.UTC(2026, 0, 1)) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#epoch + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Sets the wall clock by `ms`, as somebody or a time server may do: nothing falls due by it. */
  set(ms: number): void {
    this.#epoch += ms;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(0, ms), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that have neither run nor been cancelled; 0 at the end of a test means that nothing leaked. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer falls due; undefined when there is none. */
  get untilNext(): number | undefined {
    const next = this.#earliest();
    return next && next.at - this.#elapsed;
  }

  /** Lets `ms` pass, running every timer that falls due on the way; promises settle before, between and after them. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await settled();
    for (let next = this.#earliest(); next !== undefined && next.at <= until; next = this.#earliest()) {
      this.#timers.delete(next);
      this.#elapsed = next.at;
      next.run();
      await settled();
    }
    this.#elapsed = until;
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) if (earliest === undefined || timer.at < earliest.at) earliest = timer;
    return earliest;
  }
}

/** Resolves when every promise that could settle without time or I/O has: the microtask queue is empty by then. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
