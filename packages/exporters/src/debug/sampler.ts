/** Decides which batches are shown: the first few of every second, then every Nth. */
import type { Clock } from "@rondo/core";

/** The window in which `initial` counts, milliseconds: the tick of the Collector's sampler. */
const WINDOW_MS = 1_000;

/**
 * Zap's sampling (zapcore.NewSamplerWithOptions) with one difference: zap samples each distinct message, so that detailed texts,
 * which all differ, hardly ever are; here the batch is sampled with all that is said of it, before anything is decoded.
 */
export class Sampler {
  readonly #initial: number;
  readonly #thereafter: number;
  readonly #clock: Clock;
  #count = 0;
  #until = Number.NEGATIVE_INFINITY;

  /** Shows `initial` batches a second, then every `thereafter`th; 0 shows no further ones. */
  constructor(initial: number, thereafter: number, clock: Clock) {
    this.#initial = initial;
    this.#thereafter = thereafter;
    this.#clock = clock;
  }

  /** Whether this batch is shown. A window opens with the first batch after the last window's end. */
  take(): boolean {
    const now = this.#clock.monotonic();
    if (now >= this.#until) {
      this.#until = now + WINDOW_MS;
      this.#count = 0;
    }
    this.#count++;
    const beyond = this.#count - this.#initial;
    return beyond <= 0 || (this.#thereafter > 0 && beyond % this.#thereafter === 0);
  }
}
