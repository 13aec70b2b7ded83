/** Makes known that a backend may have taken a batch without saying so, before the batch is tried again. */
import type { Batch, Layer } from "@rondo/core";

/**
 * Awaits `note` after every try whose answer was lost, so that what is noted stands before the next try can be a repeat.
 * Belongs inside `retry` and outside `timeout`. `note` must not reject: what it cannot keep it has to live without.
 */
export function noteUnanswered(note: (batch: Batch) => Promise<void>): Layer {
  return (next) => async (batch, abort) => {
    const verdict = await next(batch, abort);
    if (verdict.kind === "retry" && verdict.unanswered === true) await note(batch);
    return verdict;
  };
}
