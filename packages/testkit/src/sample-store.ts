/** Samples in memory, as a PromQL engine asks for them: what a storage does, small enough to be sure of. */
import {
  type FloatHistogram,
  type Labels,
  labelsKey,
  labelValue,
  type Matcher,
  type Queryable,
  type SampleSeries,
  STALE_BITS,
  type TimeSpan,
  wasReset,
} from "@rondo/promql";

/** One sample on its way in: a number, a histogram or the end of the series, at a time in milliseconds. */
export interface StoredSample {
  readonly time: number;
  readonly value: number | FloatHistogram | "stale";
  /** When the counter of a number began, milliseconds; absent when that is not known. */
  readonly startTime?: number;
}

/** A store of series. A sample at a time that a series has already replaces the one there. */
export class SampleStore implements Queryable {
  readonly #series = new Map<string, { readonly labels: Labels; readonly samples: Map<number, StoredSample> }>();

  /** Adds samples to a series, which is created when it is new. */
  add(labels: Labels, samples: readonly StoredSample[]): void {
    if (samples.length === 0) return;
    const key = labelsKey(labels);
    const series = this.#series.get(key) ?? { labels, samples: new Map() };
    this.#series.set(key, series);
    for (const sample of samples) series.samples.set(sample.time, sample);
  }

  /** Forgets everything. */
  clear(): void {
    this.#series.clear();
  }

  /** The labels of every series. */
  get labels(): readonly Labels[] {
    return [...this.#series.values()].map(({ labels }) => labels);
  }

  async select(matchers: readonly Matcher[], { after, until }: TimeSpan): Promise<readonly SampleSeries[]> {
    const found: SampleSeries[] = [];
    for (const { labels, samples } of this.#series.values()) {
      if (!matchers.every(({ name, matches }) => matches(labelValue(labels, name)))) continue;
      // Whole series, so that what is said of resets does not depend on the span.
      const all = [...samples.values()].sort((a, b) => a.time - b.time);
      if (all.some(({ time }) => time > after && time <= until)) found.push(toSeries(labels, all));
    }
    return found;
  }
}

function toSeries(labels: Labels, samples: readonly StoredSample[]): SampleSeries {
  const histograms = samples.map(({ value }, index) =>
    typeof value !== "object" ? undefined : hinted(value, samples[index - 1]?.value),
  );
  const values = Float64Array.from(samples, ({ value }) => (typeof value === "number" ? value : Number.NaN));
  // By its bits: as a number the marker might become an ordinary NaN on the way.
  const bits = new BigUint64Array(values.buffer);
  for (const [index, { value }] of samples.entries()) if (value === "stale") bits[index] = STALE_BITS;
  const begun = samples.some(({ startTime }) => startTime !== undefined);
  return {
    labels,
    times: Float64Array.from(samples, ({ time }) => time),
    values,
    ...(begun ? { startTimes: Float64Array.from(samples, ({ startTime }) => startTime ?? 0) } : {}),
    ...(histograms.some((one) => one !== undefined) ? { histograms } : {}),
  };
}

/** A histogram with what a storage says of resets: none after another of the same counter, unknown where that is not sure. */
function hinted(histogram: FloatHistogram, before: StoredSample["value"] | undefined): FloatHistogram {
  if (histogram.resetHint !== "unknown" && histogram.resetHint !== "not_reset") return histogram;
  const follows =
    typeof before === "object" &&
    before.resetHint !== "gauge" &&
    !wasReset({ ...histogram, resetHint: "unknown" }, before);
  return { ...histogram, resetHint: follows ? "not_reset" : "unknown" };
}
