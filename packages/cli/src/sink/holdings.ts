/** What a sink holds: per listener and signal, how many items arrived and which ids, each with how often it came. */
import { SIGNALS, type Signal } from "@rondo/otlp";
import type { Identity } from "./identity.ts";

/** Counts of one listener and signal. */
export interface Count {
  readonly requests: number;
  /** Items that arrived, repeats included. */
  readonly items: number;
  /** Different ids among them. */
  readonly ids: number;
  /** Items whose id had been there before: `items` less `ids`, unless the bound on ids was reached. */
  readonly duplicates: number;
  /** Items that arrived after the bound on ids was reached; they are counted and not kept. */
  readonly overflow: number;
}

/** One id, how often it arrived, and the hashes of the contents it arrived with. */
export interface Held {
  readonly id: string;
  readonly name: string;
  readonly count: number;
  /** Usually one: more means that the same item arrived with different contents. */
  readonly contents: readonly string[];
}

/** Different ids that one listener keeps per signal unless told otherwise; each takes about 300 bytes. */
export const MAX_IDS = 1_000_000;

/** Different contents kept per id; more would not tell more. */
const MAX_CONTENTS = 8;

/** What is kept of one id. */
interface Entry {
  name: string;
  count: number;
  readonly contents: string[];
}

/** The ids that one listener received. */
export class Holdings {
  readonly #maxIds: number;
  #bySignal = emptyShelves();

  constructor(maxIds: number = MAX_IDS) {
    this.#maxIds = maxIds;
  }

  /** Takes in one request. */
  add(signal: Signal, identities: readonly Identity[]): void {
    const shelf = this.#bySignal[signal];
    shelf.requests += 1;
    shelf.items += identities.length;
    for (const { id, name, content } of identities) {
      const entry = shelf.entries.get(id);
      if (entry !== undefined) {
        entry.count += 1;
        shelf.duplicates += 1;
        if (!entry.contents.includes(content) && entry.contents.length < MAX_CONTENTS) entry.contents.push(content);
      } else if (shelf.entries.size < this.#maxIds) {
        shelf.entries.set(id, { name, count: 1, contents: [content] });
      } else {
        shelf.overflow += 1;
      }
    }
  }

  /** The counts of one signal. */
  count(signal: Signal): Count {
    const { requests, items, entries, duplicates, overflow } = this.#bySignal[signal];
    return { requests, items, ids: entries.size, duplicates, overflow };
  }

  /** The ids of one signal in order of first arrival. */
  held(signal: Signal): Held[] {
    return [...this.#bySignal[signal].entries].map(([id, entry]) => ({ id, ...entry, contents: [...entry.contents] }));
  }

  /** Forgets everything. */
  reset(): void {
    this.#bySignal = emptyShelves();
  }
}

/** What is kept of one signal. */
interface Shelf {
  requests: number;
  items: number;
  duplicates: number;
  overflow: number;
  readonly entries: Map<string, Entry>;
}

function emptyShelves(): Record<Signal, Shelf> {
  const shelves = SIGNALS.map((signal) => [
    signal,
    { requests: 0, items: 0, duplicates: 0, overflow: 0, entries: new Map<string, Entry>() },
  ]);
  // Every signal has its entry, because SIGNALS lists them all.
  return Object.fromEntries(shelves) as Record<Signal, Shelf>;
}
