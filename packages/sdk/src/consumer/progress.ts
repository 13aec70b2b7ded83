/** How far one partition is settled: batches are acknowledged in any order, and only what has no gap below it is committed. */
import type { SettledOrigin } from "@rondo/broker";

/** A record between being read and being settled. */
export interface Entry {
  readonly offset: number;
  readonly bytes: number;
  readonly origin?: SettledOrigin;
  isSettled: boolean;
  /** Nothing of this process will settle it. */
  isAbandoned: boolean;
}

/** What an entry costs besides its value while it is held, bytes. */
const ENTRY_BYTES = 1_024;

/** The records in hand of one partition, in the order in which they were read. */
export class Progress {
  /** From the oldest that has not settled. */
  #entries: Entry[] = [];
  #low: number;
  #origin: SettledOrigin | undefined;
  #bytes = 0;
  #open = 0;

  /** `start` is the first offset that will be read; `origin` the newest that is settled below it. */
  constructor(start: number, origin: SettledOrigin | undefined) {
    this.#low = start;
    this.#origin = origin;
  }

  /** Everything below is settled. */
  get low(): number {
    return this.#low;
  }

  /** The newest origin below `low`; undefined when none was met. */
  get origin(): SettledOrigin | undefined {
    return this.#origin;
  }

  /** Records that may still be settled here. */
  get open(): number {
    return this.#open;
  }

  /** What is held, bytes, those included that wait, settled, for an older one. */
  get bytes(): number {
    return this.#bytes + this.#entries.length * ENTRY_BYTES;
  }

  /** A record is in hand from now on. */
  begin(offset: number, bytes: number, origin?: SettledOrigin): Entry {
    const entry: Entry = { offset, bytes, isSettled: false, isAbandoned: false, ...(origin && { origin }) };
    this.#entries.push(entry);
    this.#bytes += bytes;
    this.#open++;
    return entry;
  }

  /** Nobody has a record in hand any more, and it is not settled: the partition's next owner will get it. */
  abandon(entry: Entry): void {
    if (entry.isSettled || entry.isAbandoned) return;
    entry.isAbandoned = true;
    this.#open--;
  }

  /** A record is done with; false when it was before. */
  settle(entry: Entry): boolean {
    if (entry.isSettled) return false;
    entry.isSettled = true;
    this.#bytes -= entry.bytes;
    if (!entry.isAbandoned) this.#open--;
    const open = this.#entries.findIndex(({ isSettled }) => !isSettled);
    for (const { offset, origin } of this.#entries.splice(0, open < 0 ? this.#entries.length : open)) {
      this.#low = offset + 1;
      this.#origin = origin ?? this.#origin;
    }
    return true;
  }
}
