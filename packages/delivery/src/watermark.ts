/** Finds the offset below which everything has settled, whatever the order in which records settle. Gaps hold it back. */
import { Fault } from "@rondo/core";

const NONE: readonly number[] = [];

/**
 * The low watermark of one partition in one generation: what may be committed. Offsets begin in growing order, with gaps where
 * the log has none (compaction, skipped records), and settle in any. Every call is O(1) amortised; memory is one number per
 * offset from the oldest unsettled one on, so whoever reads ahead bounds it by how much it lets be in flight.
 * Misuse throws a Fault `bug`: a watermark that guesses would commit what is not settled.
 */
export class Watermark {
  /** Offsets begun and not yet passed by `low`, in order, from `#head` on. */
  #begun: number[] = [];
  #head = 0;
  /** Those of them that have not settled. */
  readonly #open = new Set<number>();
  #next: number;

  /** `start` is the first offset that may begin; everything below it counts as settled. */
  constructor(start: number) {
    this.#next = start;
  }

  /** Everything below this offset is settled: the oldest one in flight, or one past the newest that ever began. */
  get low(): number {
    return this.#begun[this.#head] ?? this.#next;
  }

  /** The lowest offset that may begin: one past the newest that did. */
  get next(): number {
    return this.#next;
  }

  /** How many offsets have begun and not settled. */
  get inFlight(): number {
    return this.#open.size;
  }

  /** An offset is being worked on from now. Throws when it is not above every offset that began before. */
  begin(offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < this.#next) {
      throw new Fault("bug", `offset ${offset} began although ${this.#next} was the lowest that could`);
    }
    this.#begun.push(offset);
    this.#open.add(offset);
    this.#next = offset + 1;
  }

  /**
   * An offset is done with. Returns the offsets that `low` has passed by it, in order; none while an older one is in flight.
   * Throws when it is not in flight: it never began, or has settled before.
   */
  settle(offset: number): readonly number[] {
    if (!this.#open.delete(offset)) throw new Fault("bug", `offset ${offset} settled without being in flight`);
    const head = this.#head;
    for (let oldest = this.#begun[head]; oldest !== undefined; oldest = this.#begun[this.#head]) {
      if (this.#open.has(oldest)) break;
      this.#head++;
    }
    if (this.#head === head) return NONE;
    const passed = this.#begun.slice(head, this.#head);
    // Moves what is left to the front once half is dead, so an entry moves at most once per halving.
    if (this.#head > 64 && this.#head * 2 >= this.#begun.length) {
      this.#begun = this.#begun.slice(this.#head);
      this.#head = 0;
    }
    return passed;
  }
}
