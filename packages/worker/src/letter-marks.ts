/**
 * Which dead letters are done with, and what became of them. They stand in `rondo.state`, a key for each partition of a dead-letter
 * topic: letters are done in any order, so no group's offset could say it, and a group of its own would have a lag that nobody owes.
 */
import type { DropCounts, LogRecord, StateStore, StateWrite } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { addDrops, sumDrops } from "./totals.ts";

/** Of one tenant's letters: items that were sent again and taken, and items given up, by `<exporter>/<reason>`. */
export interface LetterCounts {
  readonly replayed: number;
  readonly dropped: DropCounts;
}

interface Stored {
  /** Pairs of offsets `[from, to)` that are done, ascending and apart. */
  readonly done: readonly (readonly [from: number, to: number])[];
  /** The newest timestamp among them: a later one under a done offset is another topic's that was made anew. */
  readonly newest: number;
  readonly counts: Readonly<Record<string, LetterCounts>>;
}

/** Runs of letters that one partition may have done with gaps between them; one more is refused with a Fault `too_large`. */
export const MARK_RUNS = 20_000;

const NONE: Stored = { done: [], newest: 0, counts: {} };

/** The marks of one partition. Only one process changes them at a time. */
export class LetterMarks {
  readonly #key: string;
  readonly #done: [from: number, to: number][];
  readonly #counts: Map<string, LetterCounts>;
  #newest: number;

  /** Reads them; throws a `corrupt` Fault that names the key. */
  static async load(state: StateStore, topic: string, partition: number): Promise<LetterMarks> {
    const key = `letters/${topic}/${partition}`;
    const value = await state.get(key);
    if (value === undefined) return new LetterMarks(key, NONE);
    try {
      // Only `write` below writes under these keys.
      return new LetterMarks(key, JSON.parse(new TextDecoder().decode(value)) as Stored);
    } catch (thrown) {
      throw new Fault("corrupt", `the marks under ${key} cannot be read`, { cause: thrown });
    }
  }

  private constructor(key: string, { done, newest, counts }: Stored) {
    this.#key = key;
    this.#done = done.map(([from, to]) => [from, to]);
    this.#newest = newest;
    this.#counts = new Map(Object.entries(counts));
  }

  /** By tenant. */
  get counts(): ReadonlyMap<string, LetterCounts> {
    return this.#counts;
  }

  /** Whether nothing is left to be done with a letter. */
  isDone({ offset, timestamp }: Pick<LogRecord, "offset" | "timestamp">): boolean {
    if (timestamp > this.#newest) return false;
    const run = this.#done[this.#after(offset) - 1];
    return run !== undefined && offset < run[1];
  }

  /** Marks a letter, and counts what its items came to. */
  mark(
    { offset, timestamp }: Pick<LogRecord, "offset" | "timestamp">,
    tenant: string,
    { replayed, dropped }: LetterCounts,
  ): void {
    const at = this.#after(offset);
    const before = this.#done[at - 1];
    const next = this.#done[at];
    if (before !== undefined && offset < before[1]) return;
    if (before?.[1] === offset) before[1] = offset + 1;
    else if (next?.[0] !== offset + 1) this.#done.splice(at, 0, [offset, offset + 1]);
    if (next?.[0] === offset + 1) this.#join(at, offset);
    this.#newest = Math.max(this.#newest, timestamp);
    const sum = this.#counts.get(tenant) ?? { replayed: 0, dropped: {} };
    this.#counts.set(tenant, { replayed: sum.replayed + replayed, dropped: addDrops(sum.dropped, dropped) });
  }

  /** What is to be written, without the runs below `low`, which the log no longer keeps. */
  write(low: number): StateWrite {
    const done = this.#done.filter(([, to]) => to > low);
    if (done.length > MARK_RUNS) {
      const way = "replay or drop the letters between them, beginning with the oldest";
      throw new Fault("too_large", `${this.#key}: more than ${MARK_RUNS} runs of letters are done with; ${way}`);
    }
    const stored: Stored = { done, newest: this.#newest, counts: Object.fromEntries(this.#counts) };
    return { key: this.#key, value: new TextEncoder().encode(JSON.stringify(stored)) };
  }

  /** The index of the first run that begins above `offset`. */
  #after(offset: number): number {
    let low = 0;
    let high = this.#done.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#done[middle]?.[0] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The run at `at` begins right behind `offset`: it takes it in, and the run before it when that now touches. */
  #join(at: number, offset: number): void {
    const next = this.#done[at];
    const before = this.#done[at - 1];
    if (next === undefined) return;
    if (before?.[1] === offset + 1) {
      before[1] = next[1];
      this.#done.splice(at, 1);
    } else next[0] = offset;
  }
}

/** The counts of several partitions and all their tenants in one. */
export function sumLetterCounts(all: Iterable<Pick<LetterMarks, "counts">>): LetterCounts {
  let replayed = 0;
  let dropped: DropCounts = {};
  for (const { counts } of all) {
    for (const one of counts.values()) {
      replayed += one.replayed;
      dropped = addDrops(dropped, one.dropped);
    }
  }
  return { replayed, dropped };
}

/** What letters came to, as a sentence: `2 items were replayed, 3 dropped (otlp/backend_rejected 3)`; empty when none was touched. */
export function letterCountsText({ replayed, dropped }: LetterCounts): string {
  const given = Object.entries(dropped);
  const reasons = given.map(([key, items]) => `${key} ${items}`).join(", ");
  const parts = [
    ...(replayed > 0 ? [`${replayed} items were replayed`] : []),
    ...(given.length > 0 ? [`${sumDrops(dropped)} dropped (${reasons})`] : []),
  ];
  return parts.join(", ");
}
