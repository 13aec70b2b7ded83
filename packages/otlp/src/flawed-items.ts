/** Which items of a request are flawed, and how: a bit for each, and the first of every kind by name. */
import type { DeepFlaw } from "./check-items.ts";
import type { ItemFlaw } from "./message-check.ts";

/** Why an item cannot be kept: what validation finds, and what the deep checks do. */
export type Flaw = ItemFlaw | DeepFlaw;

/** The items that one kind of flaw spoils. */
export interface FlawKind {
  /** How many; an item of several flaws counts for the first that was found. */
  readonly items: number;
  /** The field of the first that was found, such as `resourceSpans[0].scopeSpans[0].spans[3].traceId`. */
  readonly path: string;
}

/** Shared by all the requests in which nothing is flawed. */
const NO_BITS = new Uint8Array(0);

/**
 * Collects flawed items. A request of nothing but flaws must not cost more than it is worth, so what is kept of an item is a
 * bit, and only the first of a kind is looked up by name.
 */
export class FlawedItems {
  readonly #kinds = new Map<Flaw, FlawKind>();
  #bits = NO_BITS;
  #count = 0;
  #hollow = false;

  /** How many items are flawed. */
  get count(): number {
    return this.#count;
  }

  /** Whether there is anything to take out: flawed items, or a flawed resource, scope or metric without any. */
  get any(): boolean {
    return this.#hollow || this.#count > 0;
  }

  /** The kinds of flaws, in the order in which they were found. */
  get kinds(): ReadonlyMap<Flaw, FlawKind> {
    return this.#kinds;
  }

  /** Whether the item of this index, counting through the request, is flawed. */
  has(index: number): boolean {
    return ((this.#bits[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** Notes that the items from `first` to before `stop` share a flaw; `path` is asked for the first of its kind. */
  add(first: number, stop: number, flaw: Flaw, path: () => string): void {
    if (first === stop) this.#hollow = true;
    let items = 0;
    this.#reserve(stop);
    for (let index = first; index < stop; index++) {
      const bit = 1 << (index & 7);
      const byte = this.#bits[index >>> 3] ?? 0;
      if ((byte & bit) !== 0) continue;
      this.#bits[index >>> 3] = byte | bit;
      items++;
    }
    if (items === 0) return;
    this.#count += items;
    const known = this.#kinds.get(flaw);
    this.#kinds.set(flaw, { items: items + (known?.items ?? 0), path: known?.path ?? path() });
  }

  #reserve(items: number): void {
    const bytes = (items + 7) >>> 3;
    if (bytes <= this.#bits.length) return;
    const grown = new Uint8Array(Math.max(bytes, 2 * this.#bits.length));
    grown.set(this.#bits);
    this.#bits = grown;
  }
}
