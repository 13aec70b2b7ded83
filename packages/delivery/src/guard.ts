/** Turns a Deliver that throws into one that keeps its word: the batch stays with its owner, and the bug is shouted. */
import { type Clock, Fault, type Layer, type Log, retry, unanswered } from "@rondo/core";
import { Recurring } from "./recurring.ts";

/**
 * Sits directly around an exporter. A Deliver must not throw (core's contract): where one does, the verdict becomes a retry
 * with a Fault `bug`, so that a mistake in one exporter costs time, never data, and never ends the process. A throw after the
 * abort is how many APIs answer an abort, and is taken as that. The other Layers rely on it and hand a rejection through
 * to their caller as it is: there is one place that forgives, so that a bug outside an exporter is not hidden.
 */
export function guard(log: Log, clock: Clock): Layer {
  const bugs = new Recurring(log, clock, "error");
  return (next) => async (batch, abort) => {
    try {
      return await next(batch, abort);
    } catch (thrown) {
      if (abort.aborted) return retry(new Fault("aborted", "the try was aborted", { cause: thrown }));
      const fault = new Fault("bug", `deliver threw: ${messageOf(thrown)}`, { cause: thrown });
      // The stack is ours, not the backend's: it names source lines and carries no payload.
      bugs.happened("an exporter threw instead of giving a verdict; the batch is kept and tried again", {
        signal: batch.signal,
        error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
      });
      return unanswered(fault);
    }
  };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
