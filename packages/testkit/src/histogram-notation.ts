/** Native histograms as PromQL's test language writes them between double braces: `schema:0 sum:5 count:4 buckets:[1 2 1]`. */
import { type BucketSpan, combineHistograms, type FloatHistogram, type ResetHint } from "@rondo/promql";
import { parseNumber } from "./series-notation.ts";

const HINTS: readonly string[] = ["unknown", "reset", "not_reset", "gauge"] satisfies ResetHint[];

/** Reads what stands between the braces. Throws an Error that names the field that is wrong. */
export function parseHistogramNotation(text: string): FloatHistogram {
  const fields = new Map<string, string>();
  for (const [, name = "", list, plain = ""] of text.matchAll(/(\w+):(?:\[([^\]]*)\]|(\S+))/g))
    fields.set(name, list ?? plain);
  const number = (name: string) => parseNumber(take(fields, name) ?? "0");
  const list = (name: string) =>
    (take(fields, name) ?? "")
      .split(/\s+/)
      .filter((part) => part !== "")
      .map(parseNumber);
  const hint = take(fields, "counter_reset_hint") ?? "unknown";
  if (!HINTS.includes(hint)) throw new Error(`counter_reset_hint is one of ${HINTS.join(", ")}, not ${hint}`);
  const positiveBuckets = list("buckets");
  const negativeBuckets = list("n_buckets");
  const histogram: FloatHistogram = {
    schema: number("schema"),
    // Looked up in the list of all hints.
    resetHint: hint as ResetHint,
    count: number("count"),
    sum: number("sum"),
    zeroCount: number("z_bucket"),
    zeroThreshold: number("z_bucket_w"),
    positiveSpans: spanOf(number("offset"), positiveBuckets),
    positiveBuckets,
    negativeSpans: spanOf(number("n_offset"), negativeBuckets),
    negativeBuckets,
    customValues: list("custom_values"),
  };
  const [unknown] = fields.keys();
  if (unknown !== undefined) throw new Error(`a histogram has no field ${unknown}`);
  return histogram;
}

function take(fields: Map<string, string>, name: string): string | undefined {
  const value = fields.get(name);
  fields.delete(name);
  return value;
}

function spanOf(offset: number, buckets: readonly number[]): readonly BucketSpan[] {
  return buckets.length === 0 ? [] : [{ offset, length: buckets.length }];
}

/** The next value of a series of histograms. Throws an Error when the two do not go together. */
export function addNotated(last: FloatHistogram, step: FloatHistogram, sign: 1 | -1): FloatHistogram {
  const sum = combineHistograms(last, step, sign);
  if (sum === undefined) throw new Error("a histogram with custom buckets and one without cannot be added");
  return sum.histogram;
}
