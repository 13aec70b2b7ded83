/** The samples of one series within a range, as the functions over ranges see them: a view that moves, nothing is copied. */
import type { FloatHistogram } from "./float-histogram.ts";
import { labelValue, METRIC_NAME } from "./labels.ts";
import type { Labels, SampleSeries } from "./queryable.ts";
import { isStale } from "./stale-nan.ts";

/** The samples of a series without stale markers, numbers and histograms apart. Both ascend in time. */
export interface RangeSamples {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** When each number's counter began, 0 where that is not known; undefined when nothing is. */
  readonly startTimes: Float64Array | undefined;
  readonly histogramTimes: Float64Array;
  readonly histograms: readonly FloatHistogram[];
}

const NO_TIMES = new Float64Array(0);

/** Splits a series; one without histograms and stale markers is taken as it is. */
export function rangeSamples(series: SampleSeries): RangeSamples {
  const { labels, times, values, startTimes, histograms } = series;
  if (histograms === undefined && !values.some(isStale))
    return { labels, times, values, startTimes, histogramTimes: NO_TIMES, histograms: [] };
  // Indices first: most series are of one kind, and the arrays get their exact length.
  const floats: number[] = [];
  const found: FloatHistogram[] = [];
  const foundTimes: number[] = [];
  for (const [index, time] of times.entries()) {
    const histogram = histograms?.[index];
    if (histogram === undefined) {
      if (!isStale(values[index] ?? 0)) floats.push(index);
    } else if (!isStale(histogram.sum)) {
      found.push(histogram);
      foundTimes.push(time);
    }
  }
  return {
    labels,
    times: Float64Array.from(floats, (index) => times[index] ?? 0),
    values: Float64Array.from(floats, (index) => values[index] ?? 0),
    startTimes: startTimes === undefined ? undefined : Float64Array.from(floats, (index) => startTimes[index] ?? 0),
    histogramTimes: Float64Array.from(foundTimes),
    histograms: found,
  };
}

/** A range of a series: its numbers are `values[from…to)`, its histograms `histograms[histogramFrom…histogramTo)`. */
export class Window {
  labels: Labels = [];
  times: Float64Array = NO_TIMES;
  values: Float64Array = NO_TIMES;
  startTimes: Float64Array | undefined = undefined;
  from = 0;
  to = 0;
  histogramTimes: Float64Array = NO_TIMES;
  histograms: readonly FloatHistogram[] = [];
  histogramFrom = 0;
  histogramTo = 0;
  /** The evaluation time, milliseconds. */
  at = 0;
  /** The range asked for is later than `start`, up to and including `end`; offset and `@` are in both. */
  start = 0;
  end = 0;
  /** Samples before and after the range are in the window too, for what is taken at its ends. */
  extended: "anchored" | "smoothed" | undefined = undefined;

  /** Moves to another series. */
  enter(samples: RangeSamples): void {
    this.labels = samples.labels;
    this.times = samples.times;
    this.values = samples.values;
    this.startTimes = samples.startTimes;
    this.histogramTimes = samples.histogramTimes;
    this.histograms = samples.histograms;
    this.from = this.to = this.histogramFrom = this.histogramTo = 0;
  }

  /** Moves on within the series, never back: samples later than `after`, up to and including `until`. */
  slide(after: number, until: number): void {
    const { times, histogramTimes } = this;
    // Local copies: this is the innermost loop of every query over ranges.
    let { from, to } = this;
    while (to < times.length && (times[to] ?? 0) <= until) to++;
    while (from < to && (times[from] ?? 0) <= after) from++;
    this.from = from;
    this.to = to;
    if (histogramTimes.length === 0) return;
    while (this.histogramTo < histogramTimes.length && (histogramTimes[this.histogramTo] ?? 0) <= until)
      this.histogramTo++;
    while (this.histogramFrom < this.histogramTo && (histogramTimes[this.histogramFrom] ?? 0) <= after)
      this.histogramFrom++;
  }

  /** How many numbers are in it. */
  get floats(): number {
    return this.to - this.from;
  }

  /** How many histograms are in it. */
  get histogramCount(): number {
    return this.histogramTo - this.histogramFrom;
  }

  /** The number at an index of `values`. */
  value(index: number): number {
    return this.values[index] ?? Number.NaN;
  }

  /** The time at an index of `times`. */
  time(index: number): number {
    return this.times[index] ?? 0;
  }

  /** When the counter of the number at an index began; 0 when that is not known, or is no time before the sample. */
  startTime(index: number): number {
    const start = this.startTimes?.[index] ?? 0;
    return start < this.time(index) ? start : 0;
  }

  /**
   * Whether the counter was reset between the number before an index and the one at it: by falling, or because it began to
   * count since. One that began exactly with the sample before is a delta, unless of that sample no beginning is known.
   */
  wasReset(index: number): boolean {
    if (this.value(index) < this.value(index - 1)) return true;
    const start = this.startTime(index);
    const before = this.time(index - 1);
    return start > before || (start !== 0 && start === before && this.startTime(index - 1) !== 0);
  }

  /** The metric's name, empty when it has none. */
  get name(): string {
    return labelValue(this.labels, METRIC_NAME);
  }
}
