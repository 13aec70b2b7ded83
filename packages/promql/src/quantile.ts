/** Quantiles of plain numbers, as `quantile`, `quantile_over_time` and `mad_over_time` take them. */

/** The q-quantile of the numbers, which are sorted in place; NaN counts as the smallest. Outside [0, 1] it is ∓Inf. */
export function quantileOf(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  // Typed arrays sort numerically with NaN last; the quantile wants it first.
  values.sort();
  let numbers = values.length;
  while (numbers > 0 && Number.isNaN(values[numbers - 1])) numbers--;
  const nans = values.length - numbers;
  const at = (index: number) => (index < nans ? Number.NaN : (values[index - nans] ?? Number.NaN));
  const rank = q * (values.length - 1);
  const low = Math.max(0, Math.floor(rank));
  const high = Math.min(values.length - 1, low + 1);
  const weight = rank - Math.floor(rank);
  return at(low) * (1 - weight) + at(high) * weight;
}
