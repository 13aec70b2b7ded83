/** Counts what goes in and what comes out at one edge, once per batch. Nothing else in the delivery chain counts items. */
import type { Batch, Layer, Retry, Settled, Verdict } from "@rondo/core";

/** Whoever keeps the account. Every `entered` is followed by exactly one of the others, for the same batch object. */
export interface DeliveryObserver {
  /** The batch is inside from now on. */
  entered(batch: Batch): void;
  /** Every item was delivered or is named in a drop. */
  settled(batch: Batch, verdict: Settled): void;
  /** The caller owns it again, unsettled; absent verdict: the Deliver threw. Entering it again counts it again. */
  returned(batch: Batch, verdict: Retry | undefined): void;
}

/**
 * What is inside at this moment. `items` is summed over the batches that are there, never computed as entered less settled:
 * a lost batch then shows as one that stays, and a miscount elsewhere cannot hide in here.
 */
export class InFlight {
  readonly #inside = new Map<symbol, Batch>();

  /** Batches inside. */
  get batches(): number {
    return this.#inside.size;
  }

  /** Items inside; O(batches), for metrics and shutdown, not for every record. */
  get items(): number {
    let sum = 0;
    for (const { items } of this.#inside.values()) sum += items;
    return sum;
  }

  /** Puts a batch inside; the returned function takes this entry out and says whether it was still there. */
  add(batch: Batch): () => boolean {
    const entry = Symbol();
    this.#inside.set(entry, batch);
    return () => this.#inside.delete(entry);
  }
}

/** Tells `observer` of every batch, and keeps `inFlight` if there is one. Belongs outside of every Layer that joins or repeats. */
export function observe(observer: DeliveryObserver, inFlight?: InFlight): Layer {
  return (next) => async (batch, abort) => {
    const leave = inFlight?.add(batch);
    observer.entered(batch);
    let verdict: Verdict | undefined;
    try {
      verdict = await next(batch, abort);
      return verdict;
    } finally {
      leave?.();
      if (verdict?.kind === "settled") observer.settled(batch, verdict);
      else observer.returned(batch, verdict);
    }
  };
}
