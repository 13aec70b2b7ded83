/** Sums and means of many native histograms, with compensation for what rounding loses in each bucket. */
import type { FloatHistogram, ResetHint } from "./float-histogram.ts";
import { combineHints, divideHistogram, type Layout, layOut, layoutOf, mergeLayouts } from "./histogram-arithmetic.ts";
import { pack } from "./histogram-buckets.ts";
import { KahanSum } from "./kahan.ts";

/** What adding up came to. */
export interface HistogramSum {
  /** Undefined when the histograms do not go together. */
  readonly histogram: FloatHistogram | undefined;
  /** The index of the first that did not go with those before it. */
  readonly unfit: number | undefined;
  /** Some say that their counter was reset, others that it was not. */
  readonly collision: boolean;
  /** Explicit bounds differed. */
  readonly reconciled: boolean;
}

/* The reference compensates sums of every bucket: buckets of large counts would otherwise swallow small ones. */
/** A side of zero while adding up. */
type Sums = Map<number, KahanSum>;

class Accumulator {
  #layout: Layout;
  readonly #first: FloatHistogram;
  #hint: ResetHint;
  readonly #count = new KahanSum();
  readonly #sum = new KahanSum();
  readonly #zero = new KahanSum();
  #positive: Sums = new Map();
  #negative: Sums = new Map();
  reconciled = false;

  constructor(first: FloatHistogram) {
    this.#first = first;
    this.#layout = layoutOf(first);
    this.#hint = first.resetHint;
    this.add(first);
  }

  /** Adds a histogram; false when it does not go with the others. */
  add(histogram: FloatHistogram): boolean {
    // The layout may have to become coarser with any histogram, for all that came before as well.
    const merged = mergeLayouts(this.total(), histogram);
    if (merged === undefined) return false;
    this.reconciled ||= merged.reconciled;
    this.#adopt(merged.layout);
    this.#hint = combineHints(this.#hint, histogram.resetHint).hint;
    const { positive, negative, zeroCount } = layOut(histogram, merged.layout);
    this.#count.add(histogram.count);
    this.#sum.add(histogram.sum);
    this.#zero.add(zeroCount);
    for (const [index, count] of positive) at(this.#positive, index).add(count);
    for (const [index, count] of negative) at(this.#negative, index).add(count);
    return true;
  }

  /** Moves what there is to another layout. */
  #adopt(layout: Layout): void {
    const old = this.#layout;
    if (layout.schema === old.schema && layout.threshold === old.threshold && layout.bounds === old.bounds) return;
    const total = layOut(this.total(), layout);
    this.#layout = layout;
    this.#zero.sum = total.zeroCount;
    this.#zero.lost = 0;
    const from = (counts: ReadonlyMap<number, number>): Sums =>
      new Map([...counts].map(([index, count]) => [index, new KahanSum(count)]));
    this.#positive = from(total.positive);
    this.#negative = from(total.negative);
  }

  total(): FloatHistogram {
    const counts = (sums: Sums) => new Map([...sums].map(([index, sum]) => [index, totalOf(sum)]));
    const positive = pack(counts(this.#positive));
    const negative = pack(counts(this.#negative));
    return {
      ...this.#first,
      schema: this.#layout.schema,
      resetHint: this.#hint,
      count: totalOf(this.#count),
      sum: totalOf(this.#sum),
      zeroCount: totalOf(this.#zero),
      zeroThreshold: this.#layout.threshold,
      positiveSpans: positive.spans,
      positiveBuckets: positive.buckets,
      negativeSpans: negative.spans,
      negativeBuckets: negative.buckets,
      customValues: this.#layout.bounds,
    };
  }
}

/** An infinite sum has lost nothing that could be added. */
function totalOf(sum: KahanSum): number {
  return Number.isFinite(sum.sum) ? sum.total : sum.sum;
}

/** The sum of a bucket, which begins at zero. */
function at(sums: Sums, index: number): KahanSum {
  const known = sums.get(index);
  if (known !== undefined) return known;
  const fresh = new KahanSum();
  sums.set(index, fresh);
  return fresh;
}

/** Adds up histograms, of which there is one at least. */
export function sumHistograms(histograms: readonly FloatHistogram[]): HistogramSum {
  const [first, ...others] = histograms;
  if (first === undefined) return { histogram: undefined, unfit: undefined, collision: false, reconciled: false };
  const accumulator = new Accumulator(first);
  const hints = new Set([first.resetHint]);
  for (const [index, histogram] of others.entries()) {
    hints.add(histogram.resetHint);
    if (!accumulator.add(histogram))
      return { histogram: undefined, unfit: index + 1, collision: false, reconciled: accumulator.reconciled };
  }
  const collision = hints.has("reset") && hints.has("not_reset");
  return { histogram: accumulator.total(), unfit: undefined, collision, reconciled: accumulator.reconciled };
}

/** The mean of histograms, of which there is one at least; each is divided first when their sum is too large for a number. */
export function meanOfHistograms(histograms: readonly FloatHistogram[]): HistogramSum {
  const sum = sumHistograms(histograms);
  const { histogram } = sum;
  if (histogram === undefined) return sum;
  const { length } = histograms;
  if (!overflows(histogram)) return { ...sum, histogram: divideHistogram(histogram, length) };
  return sumHistograms(histograms.map((one) => divideHistogram(one, length)));
}

/** Whether any part of a sum is too large for a number. */
function overflows({ count, sum, zeroCount, positiveBuckets, negativeBuckets }: FloatHistogram): boolean {
  return [count, sum, zeroCount, ...positiveBuckets, ...negativeBuckets].some((value) => Math.abs(value) === Infinity);
}
