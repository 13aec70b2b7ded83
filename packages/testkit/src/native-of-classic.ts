/** Classic histograms of a script as native ones with explicit bounds: what `load_with_nhcb` loads beside them. */
import {
  CUSTOM_BUCKETS,
  type FloatHistogram,
  type Labels,
  labelsKey,
  labelValue,
  packBuckets,
  withLabel,
} from "@rondo/promql";
import { type NotatedSeries, type NotatedValue, parseNumber, renamed } from "./series-notation.ts";

/** The parts of one classic histogram. */
interface Parts {
  readonly labels: Labels;
  readonly buckets: { readonly bound: number; readonly values: readonly NotatedValue[] }[];
  count: readonly NotatedValue[];
  sum: readonly NotatedValue[];
}

/** The native histograms that the classic ones among the series are. Series that are none are left out. */
export function nativeOfClassic(series: readonly NotatedSeries[]): readonly NotatedSeries[] {
  const found = new Map<string, Parts>();
  for (const { labels, values } of series) {
    const [, base = "", part = ""] = /^(.*)_(bucket|count|sum)$/.exec(labelValue(labels, "__name__")) ?? [];
    const le = labelValue(labels, "le");
    if (base === "" || (part === "bucket") === (le === "")) continue;
    const own = renamed(withLabel(labels, "le", ""), base);
    const key = labelsKey(own);
    const parts = found.get(key) ?? { labels: own, buckets: [], count: [], sum: [] };
    found.set(key, parts);
    if (part === "bucket") parts.buckets.push({ bound: parseNumber(le), values });
    else parts[part === "count" ? "count" : "sum"] = values;
  }
  return [...found.values()].filter(({ buckets }) => buckets.length > 0).map(toNative);
}

function toNative({ labels, buckets, count, sum }: Parts): NotatedSeries {
  const steps = Math.max(...buckets.map(({ values }) => values.length));
  const sorted = buckets.toSorted((a, b) => a.bound - b.bound || 0);
  const bounds = [...new Set(sorted.map(({ bound }) => bound))];
  const values = Array.from({ length: steps }, (_, step): FloatHistogram | undefined => {
    const counts = new Map<number, number>();
    let before = 0;
    for (const [index, bound] of bounds.entries()) {
      const cumulative = sorted.findLast((one) => one.bound === bound)?.values[step];
      if (typeof cumulative !== "number") return undefined;
      counts.set(index, cumulative - before);
      before = cumulative;
    }
    const { spans, buckets: packed } = packBuckets(counts);
    const total = count[step];
    const all = sum[step];
    return {
      schema: CUSTOM_BUCKETS,
      resetHint: "unknown",
      count: typeof total === "number" ? total : before,
      sum: typeof all === "number" ? all : 0,
      zeroCount: 0,
      zeroThreshold: 0,
      positiveSpans: spans,
      positiveBuckets: packed,
      negativeSpans: [],
      negativeBuckets: [],
      customValues: bounds.filter((bound) => bound !== Number.POSITIVE_INFINITY),
    };
  });
  return { labels, values };
}
