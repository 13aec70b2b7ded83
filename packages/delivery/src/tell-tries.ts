/** Tells the caller in front that something happens: whoever watches a reader must tell a backend that is away from a try that hangs. */
import type { Layer, RetryPolicy } from "@rondo/core";
import type { Flow } from "./accumulate.ts";
import { LONGEST_WAIT_MS } from "./retry.ts";

/** Calls `tried` after every try with how long the next one may wait for its turn. Belongs inside `retry` and outside `timeout`. */
export function tellTries({ tried }: Flow, { maxMs, randomization }: RetryPolicy): Layer {
  if (tried === undefined) return (next) => next;
  return (next) => async (batch, abort) => {
    const verdict = await next(batch, abort);
    const asked = verdict.kind === "retry" ? Math.min(verdict.afterMs ?? 0, LONGEST_WAIT_MS) : 0;
    tried(verdict.kind === "retry" ? Math.max(maxMs * (1 + randomization), asked) : 0);
    return verdict;
  };
}
