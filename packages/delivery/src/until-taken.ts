/** Holds a partition while whatever it is written to has no room or cannot be reached: what cannot be written now is written later, never given up. */
import { type Clock, Fault, type FaultCode, type Log, sleep } from "@rondo/core";
import { Recurring } from "./recurring.ts";

/** How long to wait before a write is tried again that could not be taken, milliseconds. */
const RETRY_MS = 500;

/** What passes by itself, or when somebody frees room. */
const PASSES: readonly FaultCode[] = ["unavailable", "disk_full"];

/** What a write is held with. */
export interface HoldOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** What is written to, as the beginning of a log line: "the log" when absent. */
  readonly taker?: string;
  /** Fields of the log lines that say where it is held. */
  readonly where: Readonly<Record<string, unknown>>;
}

/**
 * Repeats `write` until it has been taken, and returns what it returned; undefined when `ended` fired first or the claim
 * was lost. Rejects with every other Fault.
 */
export async function untilTaken<T>(
  write: () => Promise<T>,
  ended: AbortSignal,
  { clock, log, where, taker = "the log" }: HoldOptions,
): Promise<T | undefined> {
  const trouble = new Recurring(log, clock);
  while (!ended.aborted) {
    try {
      const taken = await write();
      trouble.over(`${taker} takes records again`, where);
      return taken;
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code === "aborted") return undefined;
      if (!PASSES.includes(fault.code)) throw fault;
      trouble.happened(`${taker} takes no records; holding the partition until it does`, { ...where, fault });
      await sleep(clock, RETRY_MS, ended);
    }
  }
  return undefined;
}
