/**
 * Every series that was met lately, once. Two generations bound it: when the young one is full it becomes the old one, and
 * what is met again moves over. A series that nobody sends any more is forgotten, one that is sent stays the same object.
 */
import type { Labels } from "@rondo/promql";
import type { Family, Series } from "./series.ts";

/** Series by their labels, and a count of all that is kept to find them again. */
export class SeriesMemory {
  #young = new Map<string, Series>();
  #old: ReadonlyMap<string, Series> = new Map();
  #entries = 0;

  /** What was noted since the last turn: series, and the ways in which they were spelled on the wire. */
  get entries(): number {
    return this.#entries;
  }

  /** Counts an entry that somebody keeps until the next turn. */
  note(): void {
    this.#entries++;
  }

  /** The series with these labels. The family is that of its first meeting. */
  series(labels: Labels, family: Family): Series {
    const key = keyOf(labels);
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const series = this.#old.get(key) ?? { labels, family };
    this.#young.set(key, series);
    this.#entries++;
    return series;
  }

  /** Makes the young generation the old one, and forgets what was old. */
  turn(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#entries = 0;
  }
}

/** Lengths keep names and values apart whatever letters they have. */
function keyOf(labels: Labels): string {
  let key = "";
  for (const [name, value] of labels) key += `${name.length}:${value.length}:${name}${value}`;
  return key;
}
