/** Finds series by labels and by matchers. A selector that is asked again and again looks only at series that are new since. */
import { type Labels, labelsKey, labelValue, type Matcher, METRIC_NAME } from "@rondo/promql";
import type { SeriesBuffer } from "./series-buffer.ts";

/** Selectors whose series are remembered; over it all are forgotten. Rules ask the same ones at every evaluation. */
export const MAX_SELECTORS = 4096;

/** What a selector was found to match, among the first `seen` of its candidates. */
interface Found {
  readonly candidates: readonly SeriesBuffer[];
  readonly series: SeriesBuffer[];
  seen: number;
}

const NONE: readonly SeriesBuffer[] = [];

/** The series of one tenant. */
export class SeriesIndex {
  readonly #byKey = new Map<string, SeriesBuffer>();
  #byName = new Map<string, SeriesBuffer[]>();
  #all: SeriesBuffer[] = [];
  readonly #found = new Map<string, Found>();

  /** The number of series. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The series of these labels, if there is one. */
  get(labels: Labels): SeriesBuffer | undefined {
    return this.#byKey.get(labelsKey(labels));
  }

  /** Lists a series whose labels no listed one has. */
  list(series: SeriesBuffer): SeriesBuffer {
    this.#byKey.set(labelsKey(series.labels), series);
    this.#place(series);
    series.listed = true;
    return series;
  }

  /** Forgets samples older than `time`, and the series that then have none; how many samples those were. */
  trim(time: number): number {
    let gone = 0;
    let empty = 0;
    for (const [key, series] of this.#byKey) {
      gone += series.trim(time);
      if (series.length > 0) continue;
      this.#byKey.delete(key);
      series.listed = false;
      empty++;
    }
    if (empty > 0) this.#placeAll();
    return gone;
  }

  /** Every series that all the matchers match. */
  matching(matchers: readonly Matcher[]): readonly SeriesBuffer[] {
    const key = JSON.stringify(matchers.map(({ name, op, value }) => [name, op, value]));
    let found = this.#found.get(key);
    if (found === undefined) {
      if (this.#found.size >= MAX_SELECTORS) this.#found.clear();
      const candidates = this.#candidates(matchers);
      // A metric that is not there yet gets its list later.
      if (candidates.length === 0) return NONE;
      found = { candidates, series: [], seen: 0 };
      this.#found.set(key, found);
    }
    for (; found.seen < found.candidates.length; found.seen++) {
      const series = found.candidates[found.seen];
      if (series !== undefined && matchesAll(series.labels, matchers)) found.series.push(series);
    }
    return found.series;
  }

  #candidates(matchers: readonly Matcher[]): readonly SeriesBuffer[] {
    const named = matchers.find(({ name, op, value }) => name === METRIC_NAME && op === "=" && value !== "");
    return named === undefined ? this.#all : (this.#byName.get(named.value) ?? NONE);
  }

  #place(series: SeriesBuffer): void {
    this.#all.push(series);
    const name = labelValue(series.labels, METRIC_NAME);
    const list = this.#byName.get(name) ?? [];
    list.push(series);
    this.#byName.set(name, list);
  }

  #placeAll(): void {
    this.#all = [];
    this.#byName = new Map();
    this.#found.clear();
    for (const series of this.#byKey.values()) this.#place(series);
  }
}

function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name)));
}
