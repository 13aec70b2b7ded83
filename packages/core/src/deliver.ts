/** The only way data moves: receivers call a Deliver, exporters are one, and everything between wraps one. */
import type { Batch } from "./batch.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Takes a batch and says how it ended. Never rejects for the fate of a batch: a rejection is a bug.
 * `abort` means that the caller no longer waits; the answer is then a retry with code `aborted`.
 */
export type Deliver = (batch: Batch, abort: AbortSignal) => Promise<Verdict>;

/** Wraps a Deliver with one concern: retry, timeout, accumulate, observe. */
export type Layer = (next: Deliver) => Deliver;

/** Puts layers around an innermost Deliver; the first layer is the outermost. */
export function compose(layers: readonly Layer[], innermost: Deliver): Deliver {
  return layers.reduceRight((next, layer) => layer(next), innermost);
}
