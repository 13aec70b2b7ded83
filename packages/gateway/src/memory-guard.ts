/**
 * Holds the process to its memory limit by what it really has. Credits count bodies; beside them stands what nobody can count: V8's
 * heap, what sockets have read, garbage until it is collected, malloc's fragments. Two hundred clients that push into a log that
 * stands still bring 70 to 130 MiB of that. So the guard looks while bodies are here, has garbage collected when the limit is near,
 * and lets fewer credits be granted by what then stands beside them, as the Collector's memory_limiter refuses above its limit.
 */
import type { Clock } from "@rondo/core";
import type { Admission } from "./admission.ts";

/** Between two looks. What is granted in this time is all that can be added unseen. */
const LOOK_MS = 100;

/** From this share of the limit on everything is collected, which stops the process for some 30 ms. */
const COLLECT_SHARE = 0.9;

/** Between two collections: a few percent of the time at most, ever less while they bring less than a twentieth of the limit. */
const COLLECT_MS = 1_000;
const COLLECT_MOST_MS = 30_000;
const WORTHWHILE_SHARE = 0.05;

/** By what part of the difference the estimate of what stands beside bodies falls at a look; it rises at once. */
const FALL = 1 / 32;

/** The part of all credits that is always granted: memory that does not fall must not end all service. */
const LEAST_SHARE = 1 / 4;

/** The memory of the process. */
export interface MemoryLimit {
  readonly limitBytes: number;
  /** What the process has now, bytes, everything included. */
  readonly usedBytes: () => number;
  /** Collects all garbage; absent: V8 decides alone. */
  readonly collect?: (() => void) | undefined;
}

/** Guards an account from now on, and never keeps the process alive; returns what ends it. */
export function memoryGuard(
  { limitBytes, usedBytes, collect }: MemoryLimit,
  account: Pick<Admission, "credits" | "inUse" | "lower">,
  clock: Clock,
): () => void {
  let beside = 0;
  let collectedAt = Number.NEGATIVE_INFINITY;
  let everyMs = COLLECT_MS;

  /** What is used, after a collection where one is due. */
  const used = (): number => {
    const before = usedBytes();
    const now = clock.monotonic();
    if (collect === undefined || before < COLLECT_SHARE * limitBytes || now - collectedAt < everyMs) return before;
    collect();
    collectedAt = now;
    const after = usedBytes();
    everyMs = before - after < WORTHWHILE_SHARE * limitBytes ? Math.min(COLLECT_MOST_MS, everyMs * 2) : COLLECT_MS;
    return after;
  };

  const look = () => {
    cancel = clock.after(LOOK_MS, look, { background: true });
    // With nothing in flight there is nothing to bound.
    if (account.inUse === 0) return account.lower(account.credits);
    const measured = used() - account.inUse;
    beside = measured > beside ? measured : beside - (beside - measured) * FALL;
    const { credits } = account;
    account.lower(Math.min(credits, Math.max(credits * LEAST_SHARE, limitBytes - beside)));
  };
  let cancel = clock.after(LOOK_MS, look, { background: true });
  return () => cancel();
}
