/**
 * Finds the items for which a backend refuses a request, delivers the rest, and sets them aside before the batch counts as
 * settled. Belongs between `accumulate`, whose batches it cuts, and `retry`, so that every verdict it gets is for good.
 */
import {
  type Batch,
  type Clock,
  type Drop,
  type DropReason,
  Fault,
  type Layer,
  type Log,
  type Origin,
  retry,
  type Settled,
  type Verdict,
} from "@rondo/core";
import { removeItems, WireError } from "@rondo/otlp";
import { sourcesOf } from "./apportion.ts";
import { Recurring } from "./recurring.ts";

/** Items that nobody will take as they are: of one record, neighbours in it, as a request of their own. */
export interface Letter {
  readonly batch: Pick<Batch, "signal" | "tenant" | "meta">;
  readonly reason: DropReason;
  /** Why, in the words of whoever refused. */
  readonly detail?: string;
  /** The record that they came in, and how many of its items stand before them. */
  readonly origin: Origin;
  readonly first: number;
  readonly items: number;
  readonly body: Uint8Array;
}

/**
 * Makes letters durable, all or none, however long that takes. False: `abort` fired or the partition was lost, and whoever has
 * it next will find the letters again. Rejects for bugs only.
 */
export type SetAside = (letters: readonly Letter[], abort: AbortSignal) => Promise<boolean>;

/** How many requests the search for bad items may cost. */
export interface SearchLimits {
  /** In one batch. A thousand items with thirty bad ones among them take fewer. */
  readonly tries: number;
  /** In one batch while the backend has not taken anything since a search that found nothing good. */
  readonly hopelessTries: number;
  /** How long one batch may be searched, milliseconds: a slow backend holds its partition up no longer than that. */
  readonly ms: number;
}

/** Enough to find a few dozen bad items anywhere in a batch, and little beside the batch for a backend that refuses everything. */
export const SEARCH_LIMITS: SearchLimits = { tries: 512, hopelessTries: 8, ms: 60_000 };

/** What all partitions of one exporter share. */
export interface DeadLetterOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly limits?: SearchLimits;
  /** False: what `setAside` gets is kept nowhere, and the log does not say that it is. */
  readonly isKept?: boolean;
}

/** What the log says when items were refused: all that the backend is sent, or some. */
const KEPT = {
  all: "the backend refuses all that it is sent; it is kept as dead letters: check the exporter, then run rondo dlq replay",
  some: "items that nobody takes were set aside as dead letters",
};
const COUNTED = {
  all: "the backend refuses all that it is sent: check the exporter",
  some: "the backend refuses items for good",
};

/**
 * Returns a maker of the Layer, one for each partition. A verdict of drops with `together` begins a search: the batch is cut in
 * halves, and every half that is refused again, down to single items, first things first, so that what is good arrives in its
 * order. What was refused becomes letters, which are set aside before the verdict is given; their drops say `deadLettered`. So
 * do drops that name their items by a `body` without a search. Drops of which nobody knows the items are handed through.
 *
 * The search ends with its limits of tries and of time: what has not been asked by then is asked once more as it is, and set aside uncut
 * when it is refused, good items among it; sent again from there it is searched further. A backend that refuses everything is found
 * out when a search has found nothing good: the next batches cost `hopelessTries` until it takes something. Profiles are never cut.
 */
export function deadLetter(options: DeadLetterOptions): (setAside: SetAside) => Layer {
  const { log, clock, limits = SEARCH_LIMITS, isKept = true } = options;
  const words = isKept ? KEPT : COUNTED;
  const trouble = new Recurring(log, clock);
  let isHopeless = false;
  return (setAside) => (next) => async (batch, abort) => {
    const until = clock.monotonic() + limits.ms;
    const isLate = () => clock.monotonic() > until;
    const search = new Search(batch, (piece) => next(piece, abort), { limits, beganHopeless: isHopeless, isLate });
    const verdict = await search.judge(batch, 0);
    if (verdict.kind === "retry") return verdict;
    const { letters } = search;
    if (search.hasTaken) isHopeless = false;
    else if (search.tries >= limits.hopelessTries) isHopeless = true;
    const [example] = letters;
    if (example === undefined) return verdict;
    if (!(await setAside(letters, abort)))
      return retry(new Fault("aborted", "given up before the dead letters were kept"));
    const { reason, detail } = example;
    trouble.happened(isHopeless ? words.all : words.some, {
      signal: batch.signal,
      items: sum(letters),
      reason,
      says: detail,
      tries: search.tries,
    });
    return verdict;
  };
}

/** When a search ends. */
interface SearchBounds {
  readonly limits: SearchLimits;
  readonly beganHopeless: boolean;
  readonly isLate: () => boolean;
}

/** The search through one batch. */
class Search {
  readonly letters: Letter[] = [];
  tries = 0;
  /** Some of the batch has been delivered. */
  hasTaken = false;
  readonly #batch: Batch;
  readonly #ask: (piece: Batch) => Promise<Verdict>;
  readonly #bounds: SearchBounds;

  constructor(batch: Batch, ask: (piece: Batch) => Promise<Verdict>, bounds: SearchBounds) {
    this.#batch = batch;
    this.#ask = ask;
    this.#bounds = bounds;
  }

  /** No more is cut. */
  get #isOver(): boolean {
    const { limits, beganHopeless, isLate } = this.#bounds;
    return this.tries >= (beganHopeless && !this.hasTaken ? limits.hopelessTries : limits.tries) || isLate();
  }

  /** The verdict on the piece whose first item is the `from`th of the batch. */
  async judge(piece: Batch, from: number): Promise<Verdict> {
    this.tries++;
    const verdict = await this.#ask(piece);
    if (verdict.kind === "retry") return verdict;
    if (!verdict.drops.some(({ together }) => together)) this.hasTaken ||= sum(verdict.drops) < piece.items;
    else if (!this.#isOver) {
      const half = Math.floor(piece.items / 2);
      const left = cut(piece, 0, half);
      if (left !== undefined) return await this.#both(left, from, piece, half);
    }
    return this.#end(piece, from, verdict);
  }

  async #both(left: Batch, from: number, piece: Batch, half: number): Promise<Verdict> {
    const first = await this.judge(left, from);
    if (first.kind === "retry") return first;
    const right = cut(piece, half, piece.items);
    if (right === undefined) throw new Fault("bug", "a request has a first half and no second one");
    const second = await this.judge(right, from + half);
    return second.kind === "retry" ? second : { kind: "settled", drops: [...first.drops, ...second.drops] };
  }

  /** Makes letters of what is refused for good, and says whose it was. */
  #end(piece: Batch, from: number, verdict: Settled): Settled {
    const { drops } = verdict;
    if (drops.length === 0) return verdict;
    const range = rangesOf(this.#batch, from, from + piece.items);
    return {
      kind: "settled",
      drops: drops.map(({ body, together: _, ...drop }): Drop => {
        const sources = drop.sources ?? range.map(({ origin, items }) => ({ origin, items }));
        if (body === undefined) return { ...drop, sources };
        this.#write(body, piece, range, drop);
        return { ...drop, sources, deadLettered: true };
      }),
    };
  }

  /** One letter for each record: a letter then has one origin, and is no larger than a record. */
  #write(body: Uint8Array, piece: Batch, range: readonly Range[], { reason, detail, items }: Drop): void {
    const { signal, tenant, meta } = this.#batch;
    const about = { batch: { signal, tenant, ...(meta && { meta }) }, reason, ...(detail !== undefined && { detail }) };
    const parts = range.length > 1 && body === piece.body ? cutAt(piece, range) : undefined;
    if (parts !== undefined) {
      for (const [index, { origin, first, items: count }] of range.entries())
        this.letters.push({ ...about, origin, first, items: count, body: parts[index] ?? body });
      return;
    }
    const { origin, first } = range[0] ?? { origin: "", first: 0 };
    this.letters.push({ ...about, origin, first, items, body });
  }
}

/** Items of one record that stand together in a batch. */
interface Range {
  readonly origin: Origin;
  readonly first: number;
  readonly items: number;
}

/** The records that the items `[from, to)` of a batch came in: they stand in it one after the other. */
function rangesOf(batch: Batch, from: number, to: number): readonly Range[] {
  const ranges: Range[] = [];
  let begin = 0;
  for (const { origin, items } of sourcesOf(batch, 0)) {
    const first = Math.max(0, from - begin);
    const count = Math.min(items, to - begin) - first;
    if (count > 0) ranges.push({ origin, first, items: count });
    begin += items;
  }
  return ranges;
}

/** The items `[from, to)` of a batch as one; undefined for what cannot be cut, or is nothing. */
function cut(batch: Batch, from: number, to: number): Batch | undefined {
  const { signal } = batch;
  // Profiles refer to what stands beside them: a piece would mean something else.
  if (to <= from || signal === "profiles") return undefined;
  try {
    const body = removeItems(signal, batch.body, (index) => index < from || index >= to);
    return { ...batch, items: to - from, body, sources: rangesOf(batch, from, to) };
  } catch (thrown) {
    if (thrown instanceof WireError) return undefined;
    throw thrown;
  }
}

/** The bodies of a batch's records; undefined when it cannot be cut. */
function cutAt(batch: Batch, range: readonly Range[]): readonly Uint8Array[] | undefined {
  const bodies: Uint8Array[] = [];
  let at = 0;
  for (const { items } of range) {
    const part = cut(batch, at, at + items);
    if (part === undefined) return undefined;
    bodies.push(part.body);
    at += items;
  }
  return bodies;
}

function sum(list: readonly { readonly items: number }[]): number {
  return list.reduce((all, { items }) => all + items, 0);
}
