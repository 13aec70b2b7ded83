/** Native histograms for tests, written as in PromQL's test language. */
import { parseHistogramNotation } from "@rondo/testkit/histogram-notation";
import type { FloatHistogram } from "../float-histogram.ts";

/** `schema:0 sum:5 count:4 buckets:[1 2 1]` as a histogram. */
export function parseHistogram(text: string): FloatHistogram {
  return parseHistogramNotation(text);
}
