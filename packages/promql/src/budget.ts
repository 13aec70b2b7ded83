/** What one query may use, and when it must end: asked again and again while it is computed. */
import { PromqlError } from "./promql-error.ts";

/** The most samples that a query loads and computes in all, unless it says otherwise: some gigabyte of numbers. */
export const MAX_SAMPLES = 50_000_000;

/** When a query must have ended, by a clock of the caller's. */
export interface Deadline {
  /** The clock, milliseconds. */
  now(): number;
  /** The time by which it must have ended, milliseconds of that clock. */
  readonly at: number;
}

/** The limits of one query. */
export class Budget {
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: Deadline | undefined;
  #used = 0;

  constructor(limit: number = MAX_SAMPLES, signal?: AbortSignal, deadline?: Deadline) {
    this.#limit = limit;
    this.#signal = signal;
    this.#deadline = deadline;
  }

  /** Counts samples that are loaded or made. Throws `limit` when there are too many. */
  charge(samples: number): void {
    // Never given back: a bound on all the work of a query, which is simpler to explain than on what is held at once.
    this.#used += samples;
    if (this.#used > this.#limit)
      throw new PromqlError(
        "limit",
        `query processing would load too many samples into memory: more than ${this.#limit}`,
      );
  }

  /** Throws `canceled` when the caller gave up or the time is over. */
  check(): void {
    if (this.#signal?.aborted) throw new PromqlError("canceled", "query was canceled in expression evaluation");
    const deadline = this.#deadline;
    if (deadline !== undefined && deadline.now() > deadline.at)
      throw new PromqlError("canceled", "query timed out in expression evaluation");
  }
}
