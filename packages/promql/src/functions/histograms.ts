/** Functions of histograms, classic ones (a series a bucket) and native ones alike. */
import { type CumulativeBucket, classicFraction, classicQuantile } from "../classic-histogram.ts";
import type { FloatHistogram } from "../float-histogram.ts";
import { Cell, type Frame } from "../frame.ts";
import { bucketsOf, isCustom } from "../histogram-buckets.ts";
import { KahanSum } from "../kahan.ts";
import { labelsKey, labelValue, METRIC_NAME, withLabel } from "../labels.ts";
import { nativeFraction, nativeQuantile } from "../native-quantile.ts";
import { PromqlError } from "../promql-error.ts";
import type { Labels } from "../queryable.ts";
import { argument, type Call, type PromqlFunction } from "./function-type.ts";
import { goNumber, warnOfQuantile } from "./over-time.ts";

const BUCKET_LABEL = "le";

/** A number as Go parses it in a label: also `+Inf`, not empty text. */
// Whatever Go's parser takes is a bound: exporters write `1`, `1.0`, `1e0` and `+Inf` alike.
function parseBound(text: string): number | undefined {
  if (/^[+-]?inf(?:inity)?$/i.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined;
  return Number(text);
}

/** The series that are one classic histogram. */
/* Grouping is by labels and does not change from step to step: done once, it is cheap over any range. */
interface ClassicGroup {
  readonly labels: Labels;
  readonly rows: number[];
  readonly bounds: number[];
}

/** What a vector has of histograms: its rows sorted into groups once, for all steps. */
interface Histograms {
  readonly frame: Frame;
  readonly groups: readonly ClassicGroup[];
  /** The group whose labels a row has but for `le`, by row: native histograms conflict with it. */
  readonly groupOf: readonly (ClassicGroup | undefined)[];
}

/** The end of a note about a metric; nothing when its name is gone, as behind an aggregation. */
function forMetric(labels: Labels): string {
  const name = labelValue(labels, METRIC_NAME);
  return name === "" ? "" : ` for metric name ${JSON.stringify(name)}`;
}

/**
 * Sorts the rows of a vector into histograms. Rows of native histograms are no classic buckets, even where they have a label
 * `le`; a row that changes from one to the other within the range is both.
 */
function gather(call: Call, index: number): Histograms {
  const frame = call.vector(index);
  const groups = new Map<string, ClassicGroup>();
  const place = argument(call.expr, index);
  for (const [row, labels] of frame.labels.entries()) {
    let numbers = false;
    for (let at = row * frame.steps; at < (row + 1) * frame.steps; at++) numbers ||= frame.kind(at) === Cell.float;
    if (!numbers) continue;
    const text = labelValue(labels, BUCKET_LABEL);
    const bound = parseBound(text);
    if (bound === undefined) {
      const message = `bucket label "le" is missing or has a malformed value of ${JSON.stringify(text)}`;
      call.notes.warn(`${message}${forMetric(labels)}`, place);
      continue;
    }
    const rest = withLabel(labels, BUCKET_LABEL, "");
    const key = labelsKey(rest);
    const group = groups.get(key) ?? { labels: rest, rows: [], bounds: [] };
    groups.set(key, group);
    group.rows.push(row);
    group.bounds.push(bound);
  }
  const groupOf = frame.labels.map((labels) => groups.get(labelsKey(labels)));
  return { frame, groups: [...groups.values()], groupOf };
}

/** Reduces every histogram at every step to a number, native ones and classic ones, and names the results. */
function reduce(
  call: Call,
  { frame, groups, groupOf }: Histograms,
  place: number,
  native: (histogram: FloatHistogram, step: number, labels: Labels) => number,
  classic: (buckets: readonly CumulativeBucket[], step: number, labels: Labels) => number,
): Frame {
  const out = call.frame(frame.rows);
  const { steps } = frame;
  const mixed = new Set<string>();
  // Both kinds under one name and labels mean that an exporter is being migrated. Which of them is right cannot be
  // told, so that neither is taken.
  const clash = (labels: Labels, step: number) => {
    mixed.add(`${labelsKey(labels)}${step}`);
    const message = `vector contains a mix of classic and native histograms${forMetric(labels)}`;
    call.notes.warn(message, argument(call.expr, place));
  };
  for (const [row, labels] of frame.labels.entries()) {
    const start = out.addRow(labels, true);
    for (let step = 0; step < steps; step++) {
      const histogram = frame.histogram(row * steps + step);
      if (histogram === undefined) continue;
      if (groupOf[row]?.rows.some((other) => frame.kind(other * steps + step) === Cell.float)) clash(labels, step);
      else out.setFloat(start + step, native(histogram, step, labels));
    }
    if (out.isEmpty(out.rows - 1)) out.removeLastRow();
  }
  // Buckets may be missing at some steps: what is there is taken for the histogram.
  for (const { labels, rows, bounds } of groups) {
    const start = out.addRow(labels, true);
    const key = labelsKey(labels);
    for (let step = 0; step < steps; step++) {
      const buckets: CumulativeBucket[] = [];
      for (const [at, row] of rows.entries()) {
        const index = row * steps + step;
        if (frame.kind(index) === Cell.float) buckets.push({ bound: bounds[at] ?? 0, count: frame.value(index) });
      }
      if (buckets.length > 0 && !mixed.has(`${key}${step}`)) out.setFloat(start + step, classic(buckets, step, labels));
    }
    if (out.isEmpty(out.rows - 1)) out.removeLastRow();
  }
  return out;
}

/** The quantiles of every histogram of argument `vector`. */
function quantiles(call: Call, histograms: Histograms, vector: number, values: Float64Array): Frame {
  const place = argument(call.expr, vector);
  return reduce(
    call,
    histograms,
    vector,
    (histogram, step, labels) => {
      const value = nativeQuantile(values[step] ?? Number.NaN, histogram);
      if (Number.isNaN(histogram.sum) && histogram.count > 0) {
        // Observations of NaN are in no bucket but in the count: the rank is that of a quantile further up, or of none.
        const effect = Number.isNaN(value) ? "is NaN" : "is skewed higher";
        const inBuckets = bucketsOf(histogram).reduce((sum, { count }) => sum + count, 0);
        if (inBuckets < histogram.count)
          call.notes.info(
            `input to histogram_quantile has NaN observations, result ${effect}${forMetric(labels)}`,
            place,
          );
      }
      return value;
    },
    (buckets, step, labels) => {
      const { value, forced } = classicQuantile(values[step] ?? Number.NaN, buckets);
      if (forced)
        call.notes.info(
          "input to histogram_quantile needed to be fixed for monotonicity (see " +
            `https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)${forMetric(labels)}`,
          place,
        );
      return value;
    },
  );
}

/** The variance of observations around their mean, each taken to lie in the middle of its bucket. */
function variance(histogram: FloatHistogram): number {
  // Where in its bucket an observation was is lost: the middle is the best guess, so this is an estimate.
  const mean = histogram.sum / histogram.count;
  const sum = new KahanSum();
  for (const { lower, upper, count } of bucketsOf(histogram)) {
    let value = (lower + upper) / 2;
    if (!isCustom(histogram)) {
      // An exponential bucket's middle is the geometric one; around zero there is none but zero.
      const middle = lower <= 0 && upper >= 0 ? 0 : Math.sqrt(lower * upper);
      value = upper < 0 ? -middle : middle;
    }
    sum.add(count * (value - mean) ** 2);
  }
  return sum.total / histogram.count;
}

/** A function of native histograms alone; numbers are left out without a word, as there. */
function ofNative(name: string, doc: string, apply: (histogram: FloatHistogram) => number): PromqlFunction {
  return { name, doc, args: ["vector"], result: "vector", run: { kind: "histogram", apply } };
}

/** A number as OpenMetrics writes it: always with a point or an exponent. */
function openMetricsNumber(value: number): string {
  const text = goNumber(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Functions of histograms. */
export const HISTOGRAM_FUNCTIONS: readonly PromqlFunction[] = [
  ofNative("histogram_count", "How many observations a native histogram has.", ({ count }) => count),
  ofNative("histogram_sum", "The sum of a native histogram's observations.", ({ sum }) => sum),
  ofNative("histogram_avg", "The mean of a native histogram's observations.", ({ sum, count }) => sum / count),
  ofNative("histogram_stdvar", "The variance of a native histogram's observations, estimated.", variance),
  ofNative("histogram_stddev", "The standard deviation of a native histogram's observations, estimated.", (histogram) =>
    Math.sqrt(variance(histogram)),
  ),
  {
    name: "histogram_quantile",
    doc: "A quantile of histograms, interpolated within a bucket.",
    args: ["scalar", "vector"],
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        const values = call.scalar(0);
        // Over a range a quantile is mostly the same at every step: one warning says it all.
        for (const q of new Set(values)) warnOfQuantile(q, call, 0);
        return quantiles(call, gather(call, 1), 1, values);
      },
    },
  },
  {
    name: "histogram_quantiles",
    doc: "Several quantiles of histograms, told apart by a label.",
    args: ["vector", "string", "scalar", "scalar"],
    // As many as Prometheus takes: each quantile is a pass over all buckets.
    variadic: 10,
    result: "vector",
    experimental: true,
    run: {
      kind: "frame",
      apply(call) {
        const histograms = gather(call, 0);
        const label = call.text(1);
        const out = call.frame(0);
        for (let index = 2; index < call.expr.args.length; index++) {
          const values = call.scalar(index);
          for (const q of new Set(values)) warnOfQuantile(q, call, index);
          addQuantiles(out, label, values, quantiles(call, histograms, 0, values));
        }
        return out;
      },
    },
  },
  {
    name: "histogram_fraction",
    doc: "The share of observations between two bounds, interpolated within a bucket.",
    args: ["scalar", "scalar", "vector"],
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        const lower = call.scalar(0);
        const upper = call.scalar(1);
        const place = argument(call.expr, 2);
        return reduce(
          call,
          gather(call, 2),
          2,
          (histogram, step, labels) => {
            if (Number.isNaN(histogram.sum))
              call.notes.info(
                `input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(labels)}`,
                place,
              );
            return nativeFraction(lower[step] ?? 0, upper[step] ?? 0, histogram);
          },
          (buckets, step) => classicFraction(lower[step] ?? 0, upper[step] ?? 0, buckets),
        );
      },
    },
  },
];

/** Adds the rows of one quantile under a label with its value; two results for one series are an error. */
function addQuantiles(out: Frame, label: string, values: Float64Array, found: Frame): void {
  // A row a quantile and series: the value of a quantile may change from step to step, and its label with it.
  const rowOf = new Map<string, number>();
  for (const [row, labels] of out.labels.entries()) rowOf.set(labelsKey(labels), row * out.steps);
  for (const [row, labels] of found.labels.entries())
    for (let step = 0; step < found.steps; step++) {
      const index = row * found.steps + step;
      if (found.kind(index) === Cell.absent) continue;
      const named = withLabel(labels, label, openMetricsNumber(values[step] ?? Number.NaN));
      const key = labelsKey(named);
      const start = rowOf.get(key) ?? out.addRow(named, true);
      rowOf.set(key, start);
      if (out.kind(start + step) !== Cell.absent)
        throw new PromqlError("execution", "vector cannot contain metrics with the same labelset");
      out.setFloat(start + step, found.value(index));
    }
}
