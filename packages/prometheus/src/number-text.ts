/** Numbers as Prometheus writes them into the labels `le` and `quantile`. */

/** Never in scientific notation (Go's `FormatFloat(x, 'f', -1, 64)`): 0.005, 1, 100000000000000000000000, +Inf. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  const written = String(value);
  const [digits = "", exponent] = written.split("e");
  if (exponent === undefined) return Object.is(value, -0) ? "-0" : written;
  const sign = digits.startsWith("-") ? "-" : "";
  const [whole = "", fraction = ""] = digits.replace("-", "").split(".");
  const shift = Number(exponent);
  // JavaScript turns to exponents below 1e-6 and from 1e21 on, so the point lies outside of the digits.
  if (shift < 0) return `${sign}0.${"0".repeat(-shift - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction}${"0".repeat(shift - fraction.length)}`;
}
