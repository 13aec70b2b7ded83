/**
 * The admission account: bytes of requests that may be in flight at once. Credits are taken before a body is read or inflated and
 * given back when the bytes are let go, so memory stays bounded whatever clients send. Rules of the log 10.
 */
import { type Clock, Fault } from "@rondo/core";

const MIB = 1 << 20;
const LEAST_CREDITS = 128 * MIB;

/** Seconds over which the drain rate is measured, and the shortest and longest wait that a client is asked for. */
const RATE_SECONDS = 5;
const LEAST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/**
 * The credits of a process under a memory limiter: its soft limit (limit − spike) less what it uses at rest, all in bytes of
 * anonymous memory. Throws a `config` Fault below 128 MiB: such an account would refuse ordinary load.
 */
export function creditsFrom(limitBytes: number, spikeBytes: number, restingBytes: number): number {
  const credits = Math.floor(limitBytes - spikeBytes - restingBytes);
  if (credits >= LEAST_CREDITS) return credits;
  const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;
  throw new Fault(
    "config",
    `memory_limiter: limit_mib less spike_limit_mib leaves ${mib(limitBytes - spikeBytes)}, and ${mib(restingBytes)} are in use at rest; ` +
      `raise limit_mib to ${Math.ceil((LEAST_CREDITS + spikeBytes + restingBytes) / MIB)} or more`,
  );
}

/** Credits held by one request. */
export interface Permit {
  /** Changes what is held to `bytes`; false when that is more than the account has left, and then nothing changes. */
  resize(bytes: number): boolean;
  /** Gives everything back. A second call does nothing. */
  release(): void;
}

/** The account of one gateway. */
export interface Admission {
  readonly credits: number;
  /** Bytes held now; at most `credits`. */
  readonly inUse: number;
  /** Takes `bytes`, or returns undefined when there are not so many left. */
  take(bytes: number): Permit | undefined;
  /** Notes that `bytes` became durable: what the drain rate is measured from. */
  drained(bytes: number): void;
  /**
   * Milliseconds after which a refused client should come back: the time in which what is held drains at the rate of the last
   * seconds; while nothing drains, as long as that has lasted. Always from 1 s to 30 s.
   */
  retryAfterMs(): number;
}

/** An account of `credits` bytes with nothing in flight. */
export function admission(credits: number, clock: Clock): Admission {
  let inUse = 0;
  let lastDrain = clock.monotonic();
  // Bytes drained per second, in a ring; `second` is the newest one's number.
  const perSecond = new Float64Array(RATE_SECONDS);
  let second = Math.floor(lastDrain / 1_000);

  const turn = () => {
    const now = Math.floor(clock.monotonic() / 1_000);
    if (now - second >= RATE_SECONDS) perSecond.fill(0);
    else for (let passed = second + 1; passed <= now; passed++) perSecond[passed % RATE_SECONDS] = 0;
    second = now;
  };

  return {
    credits,
    get inUse() {
      return inUse;
    },
    take(bytes) {
      if (inUse + bytes > credits) return undefined;
      let held = bytes;
      inUse += bytes;
      return {
        resize(to) {
          if (inUse - held + to > credits) return false;
          inUse += to - held;
          held = to;
          return true;
        },
        release() {
          inUse -= held;
          held = 0;
        },
      };
    },
    drained(bytes) {
      turn();
      lastDrain = clock.monotonic();
      perSecond[second % RATE_SECONDS] = (perSecond[second % RATE_SECONDS] ?? 0) + bytes;
    },
    retryAfterMs() {
      turn();
      const rate = perSecond.reduce((sum, bytes) => sum + bytes, 0) / RATE_SECONDS;
      const wait = rate > 0 ? (inUse / rate) * 1_000 : clock.monotonic() - lastDrain;
      return Math.min(LONGEST_WAIT_MS, Math.max(LEAST_WAIT_MS, wait));
    },
  };
}
