/** Tries a batch until it is settled: waits grow, patience does not end, only an abort hands the batch back. */
import {
  type Batch,
  type Clock,
  Fault,
  type Layer,
  type Log,
  type Random,
  type Retry,
  type RetryPolicy,
  retry as retryVerdict,
  sleep,
} from "@rondo/core";
import { Recurring } from "./recurring.ts";

/** The Collector's defaults of `retry_on_failure`, less its `max_elapsed_time`: what was accepted is not given up. */
export const DEFAULT_RETRY: RetryPolicy = { initialMs: 5_000, multiplier: 1.5, maxMs: 30_000, randomization: 0.5 };

/**
 * The longest wait that a backend may ask for, in milliseconds. A mistaken `Retry-After` of a year must not
 * silence an exporter until the next restart; asking again once in ten minutes hurts nobody.
 */
export const LONGEST_WAIT_MS = 600_000;

/** What `retry` needs. */
export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told of every failed try, before the wait of `waitMs`. */
  readonly onRetry?: (batch: Batch, failed: Retry, waitMs: number) => void;
}

/**
 * Repeats a try that ended in a retry verdict, for ever. The answer is therefore `settled`, or – only after `abort` – a retry
 * with a Fault `aborted`. Waits are the Collector's: max(back-off, what the backend asked for).
 * The first failure is logged, then at most one line in 30 s with the count, and one line on recovery.
 */
export function retry(options: RetryOptions): Layer {
  const { policy, clock, random, log, onRetry } = options;
  const failures = new Recurring(log, clock);
  return (next) => async (batch, abort) => {
    const backOff = new BackOff(policy, random);
    let hasFailed = false;
    for (;;) {
      // Asked before each try as well: a try may be what the backend cannot bear while the process stops.
      if (abort.aborted) return retryVerdict(new Fault("aborted", "the caller gave up before the batch was settled"));
      const verdict = await next(batch, abort);
      if (verdict.kind === "settled") {
        failures.over("delivering again", { signal: batch.signal });
        // A try before it may not have let go of the body.
        return verdict.returned && hasFailed ? { kind: "settled", drops: verdict.drops } : verdict;
      }
      hasFailed = true;
      if (abort.aborted) return aborted(verdict);
      const waitMs = Math.max(backOff.next(), Math.min(verdict.afterMs ?? 0, LONGEST_WAIT_MS));
      failures.happened("delivery failed and is tried again; nothing is lost", {
        signal: batch.signal,
        items: batch.items,
        code: verdict.fault.code,
        error: verdict.fault.message,
        retry_in_ms: Math.round(waitMs),
      });
      onRetry?.(batch, verdict, waitMs);
      await sleep(clock, waitMs, abort);
    }
  };
}

/** The last failure is the cause, so that whoever drains can say what the batch was waiting for. */
function aborted(verdict: Retry): Retry {
  if (verdict.fault.code === "aborted") return verdict;
  return retryVerdict(
    new Fault("aborted", `given up while failing: ${verdict.fault.message}`, { cause: verdict.fault }),
  );
}

/** The waits of one batch, as cenkalti/backoff computes them for the Collector. */
class BackOff {
  readonly #policy: RetryPolicy;
  readonly #random: Random;
  #interval: number;

  constructor(policy: RetryPolicy, random: Random) {
    this.#policy = policy;
    this.#random = random;
    this.#interval = Math.min(policy.initialMs, policy.maxMs);
  }

  /** The next wait in milliseconds: interval ± randomization; the interval, not the wait, is capped by `maxMs`. */
  next(): number {
    const { multiplier, maxMs, randomization } = this.#policy;
    const spread = randomization * this.#interval;
    const wait = this.#interval - spread + 2 * spread * this.#random();
    this.#interval = Math.min(this.#interval * multiplier, maxMs);
    return wait;
  }
}
