/** The samples of one batch by series, as remote write wants them: each series once, its samples in the order of time. */
import type { Exemplar, Series, SeriesReader } from "@rondo/prometheus";

/** One series with the samples that a batch has of it. Times ascend strictly. */
export interface SampleRow {
  readonly series: Series;
  times: number[];
  values: number[];
  readonly exemplars: Exemplar[];
  /** Data points whose first sample is here: what is lost with the row. */
  points: number;
  /** Rows that one point brought with it have the same number; they stay together in one request. */
  readonly group: number;
}

/** Collects what a translator gives. One for each batch. */
export class SampleTable implements SeriesReader {
  readonly #rows = new Map<Series, SampleRow>();
  readonly #unsorted = new Set<SampleRow>();
  #group = 0;
  /** Of the first sample of the current point. What stands in no point, as target_info does, is never counted. */
  #first: SampleRow | undefined;
  #clash = false;
  #clashes = 0;

  sample(series: Series, time: number, value: number): void {
    let row = this.#rows.get(series);
    if (row === undefined) {
      row = { series, times: [], values: [], exemplars: [], points: 0, group: this.#group };
      this.#rows.set(series, row);
    }
    const before = row.times.at(-1);
    // Prometheus would refuse the whole request for a second value at one time; the first one stands, as it does there.
    if (before === time) this.#clash ||= this.#first === undefined && !Object.is(row.values.at(-1), value);
    else {
      if (before !== undefined && before > time) this.#unsorted.add(row);
      row.times.push(time);
      row.values.push(value);
    }
    this.#first ??= row;
  }

  /** After the samples of its point, so its row is there. */
  exemplar(series: Series, exemplar: Exemplar): void {
    this.#rows.get(series)?.exemplars.push(exemplar);
  }

  /** The point counts where its first sample is; one whose first sample clashed is lost, whatever else it had. */
  pointEnd(): void {
    if (this.#clash) this.#clashes++;
    else if (this.#first !== undefined) this.#first.points++;
    this.#first = undefined;
    this.#clash = false;
    this.#group++;
  }

  /** Points whose series had another value at the same time already. Complete once `rows` was called. */
  get clashes(): number {
    return this.#clashes;
  }

  /** Every series, in the order in which they first came. */
  rows(): readonly SampleRow[] {
    for (const row of this.#unsorted) this.#clashes += sortRow(row);
    this.#unsorted.clear();
    return [...this.#rows.values()];
  }
}

/** Puts samples in the order of time; of several at one time the first that came stays. Returns how many said otherwise. */
function sortRow(row: SampleRow): number {
  const order = row.times.map((_, index) => index);
  order.sort((a, b) => (row.times[a] ?? 0) - (row.times[b] ?? 0));
  const times: number[] = [];
  const values: number[] = [];
  let clashes = 0;
  for (const index of order) {
    const [time = 0, value = 0] = [row.times[index], row.values[index]];
    if (times.at(-1) !== time) {
      times.push(time);
      values.push(value);
    } else if (!Object.is(values.at(-1), value) && row.points > 0) {
      clashes++;
      row.points--;
    }
  }
  row.times = times;
  row.values = values;
  return clashes;
}
