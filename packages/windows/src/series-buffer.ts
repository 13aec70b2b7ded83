/** The samples of one series in the order of their times. Of samples with one time the first to arrive stays. */
import type { Labels, SampleSeries, TimeSpan } from "@rondo/promql";

const FIRST_CAPACITY = 8;

/**
 * Samples in two columns that grow. What `within` hands out is not copied and never changes: samples are only written behind
 * it, and whatever would move it is done in new columns.
 */
export class SeriesBuffer {
  readonly labels: Labels;
  /** Whether its index still finds it; an empty series may be forgotten while somebody holds it. */
  listed = false;
  #times = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #start = 0;
  #end = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** The number of samples. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds a sample; false when there is one of that time. */
  add(time: number, value: number): boolean {
    if (this.#end > this.#start && time <= (this.#times[this.#end - 1] ?? 0)) return this.#insert(time, value);
    if (this.#end === this.#times.length) this.#renew(this.#end, 0);
    this.#put(this.#end++, time, value);
    return true;
  }

  /** Forgets samples older than `time`; how many those were. */
  trim(time: number): number {
    const start = this.#firstFrom(time);
    const gone = start - this.#start;
    this.#start = start;
    return gone;
  }

  /** The samples in a span; undefined when there is none. */
  within({ after, until }: TimeSpan): SampleSeries | undefined {
    const from = this.#firstAfter(after);
    const to = this.#firstAfter(until);
    if (from >= to) return undefined;
    return { labels: this.labels, times: this.#times.subarray(from, to), values: this.#values.subarray(from, to) };
  }

  /** Puts a sample between others: rare, so it may cost a copy, which leaves alone what was handed out. */
  #insert(time: number, value: number): boolean {
    const at = this.#firstFrom(time);
    if (this.#times[at] === time) return false;
    const place = at - this.#start;
    this.#renew(at, 1);
    this.#put(place, time, value);
    return true;
  }

  /** Goes over to columns with room, with a gap of so many samples before the one at `at`. */
  #renew(at: number, gap: number): void {
    const { length } = this;
    const place = at - this.#start;
    const columns = [this.#times, this.#values].map((column) => {
      // Room for as many again: what was trimmed in front is left behind.
      const renewed = new Float64Array(Math.max(FIRST_CAPACITY, 2 * length));
      renewed.set(column.subarray(this.#start, at));
      renewed.set(column.subarray(at, this.#end), place + gap);
      return renewed;
    });
    [this.#times = this.#times, this.#values = this.#values] = columns;
    this.#start = 0;
    this.#end = length + gap;
  }

  #put(index: number, time: number, value: number): void {
    this.#times[index] = time;
    this.#values[index] = value;
  }

  #firstAfter(time: number): number {
    return this.#search((one) => one > time);
  }

  #firstFrom(time: number): number {
    return this.#search((one) => one >= time);
  }

  /** The first sample whose time `is`; the end when there is none. Times for which it holds come behind those for which it does not. */
  #search(is: (time: number) => boolean): number {
    let low = this.#start;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (is(this.#times[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
