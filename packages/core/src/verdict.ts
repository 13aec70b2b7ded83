/** How a batch ended. Its promise is the acknowledgement; there is no other. */
import type { Source } from "./batch.ts";
import type { DropReason } from "./drop-reason.ts";
import type { Fault } from "./fault.ts";

/** Items of a batch that were let go for a named reason. */
export interface Drop {
  readonly reason: DropReason;
  readonly items: number;
  /** Which records of a joined batch lost how many; absent when the batch has a single source. */
  readonly sources?: readonly Source[];
  /** The dropped items as an OTLP request of their own, for the dead-letter topic; absent where nobody can say which they were. */
  readonly body?: Uint8Array;
  /**
   * They went down together, for what may be wrong with a single one of them: smaller requests can find out which. Comes with a
   * `body`, the batch's own.
   */
  readonly together?: true;
  /** The items stand in the dead-letter topic: they can be looked at, and sent again. */
  readonly deadLettered?: true;
  /** Why, in the words of whoever refused. */
  readonly detail?: string;
}

/** Every item was delivered, or is named in a drop. */
export interface Settled {
  readonly kind: "settled";
  readonly drops: readonly Drop[];
  /** Nothing refers to the batch's body any more: its owner may give the memory back. Absent: something may. */
  readonly returned?: true;
}

/** Nothing can be said of any item; the caller still owns the batch. */
export interface Retry {
  readonly kind: "retry";
  readonly fault: Fault;
  /** Milliseconds that the other side asked us to wait. */
  readonly afterMs?: number;
  /** The batch was sent and no answer came: the other side may have taken it. */
  readonly unanswered?: true;
}

/** How a batch ended: for good, item by item, or not yet. There is no third way; a fault that would be one is a retry. */
export type Verdict = Settled | Retry;

/** The verdict of a batch that was delivered whole. */
export const SETTLED: Settled = { kind: "settled", drops: [] };

/** The same, of a batch whose body nothing refers to any more. */
export const RETURNED: Settled = { ...SETTLED, returned: true };

/** The verdict of a batch whose fate is open. */
export function retry(fault: Fault, afterMs?: number): Retry {
  return afterMs === undefined ? { kind: "retry", fault } : { kind: "retry", fault, afterMs };
}

/** The verdict of a batch that may have arrived: it was sent, and no answer came. */
export function unanswered(fault: Fault): Retry {
  return { kind: "retry", fault, unanswered: true };
}
