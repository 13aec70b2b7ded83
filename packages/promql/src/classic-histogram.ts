/** Classic histograms: cumulative counts by the upper bound in the label `le`, one series a bucket. */

/** How many observations are at most `bound`. */
export interface CumulativeBucket {
  readonly bound: number;
  readonly count: number;
}

/** Differences between buckets below this share are rounding, not observations. */
const SMALL_DELTA = 1e-12;

/** A quantile, and whether counts that fell from one bucket to the next had to be held up. */
export interface ClassicQuantile {
  readonly value: number;
  readonly forced: boolean;
}

/** Sorted, with equal bounds added up; undefined when there is no bucket for everything. */
function complete(buckets: readonly CumulativeBucket[]): CumulativeBucket[] | undefined {
  const sorted = [...buckets].sort((a, b) => a.bound - b.bound || 0);
  const joined: CumulativeBucket[] = [];
  for (const bucket of sorted) {
    const last = joined.at(-1);
    if (last?.bound === bucket.bound) joined[joined.length - 1] = { ...last, count: last.count + bucket.count };
    else joined.push(bucket);
  }
  return joined.at(-1)?.bound === Number.POSITIVE_INFINITY ? joined : undefined;
}

/** Counts that never fall. */
function monotonic(buckets: readonly CumulativeBucket[]) {
  let forced = false;
  let held = buckets[0]?.count ?? 0;
  const risen = buckets.map(({ bound, count }) => {
    // Counts that come from rates of several series differ in their last digits.
    const near = Math.abs(count - held) <= SMALL_DELTA * Math.max(Math.abs(count), Math.abs(held));
    if (near) return { bound, count: held };
    if (count < held) forced = true;
    else held = count;
    return { bound, count: held };
  });
  return { risen, forced };
}

/** The q-quantile, interpolated linearly within its bucket; the lowest bucket begins at 0 unless its bound is negative. */
export function classicQuantile(q: number, buckets: readonly CumulativeBucket[]): ClassicQuantile {
  const unknown = { value: Number.NaN, forced: false };
  if (Number.isNaN(q)) return unknown;
  if (q < 0 || q > 1) return { value: q < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY, forced: false };
  const sorted = complete(buckets);
  if (sorted === undefined) return unknown;
  const { risen, forced } = monotonic(sorted);
  const last = risen.length - 1;
  const total = risen[last]?.count ?? 0;
  if (risen.length < 2 || total === 0) return unknown;
  let rank = q * total;
  let at = 0;
  // Linear, not binary: histograms have a dozen buckets.
  while (at < last && !((risen[at]?.count ?? 0) >= rank)) at++;
  const found = risen[at];
  const before = risen[at - 1];
  if (found === undefined) return unknown;
  // Beyond the last finite bound nothing is known: that bound is the answer.
  if (at === last) return { value: before?.bound ?? Number.NaN, forced };
  if (at === 0 && found.bound <= 0) return { value: found.bound, forced };
  const start = before?.bound ?? 0;
  const count = found.count - (before?.count ?? 0);
  rank -= before?.count ?? 0;
  return { value: start + (found.bound - start) * (rank / count), forced };
}

/** The share of observations between two bounds, interpolated as quantiles are. */
export function classicFraction(lower: number, upper: number, buckets: readonly CumulativeBucket[]): number {
  const sorted = complete(buckets);
  const total = sorted?.at(-1)?.count ?? 0;
  if (sorted === undefined || total === 0 || Number.isNaN(total) || Number.isNaN(lower) || Number.isNaN(upper))
    return Number.NaN;
  if (lower >= upper) return 0;
  // How many observations lie below a value.
  const rankOf = (bound: number): number => {
    let rank = 0;
    let start = (sorted[0]?.bound ?? 0) > 0 ? 0 : Number.NEGATIVE_INFINITY;
    for (const { bound: end, count } of sorted) {
      if (start >= bound) return rank;
      if (start < bound && end > bound) {
        // Within a bucket without an end nothing can be told: everything in it lies at the end that it has.
        if (start === Number.NEGATIVE_INFINITY) return count;
        if (end === Number.POSITIVE_INFINITY) return rank;
        return rank + ((count - rank) * (bound - start)) / (end - start);
      }
      rank = count;
      start = end;
    }
    return total;
  };
  const clamp = (rank: number) => Math.min(rank, total);
  return (clamp(rankOf(upper)) - clamp(rankOf(lower))) / total;
}
