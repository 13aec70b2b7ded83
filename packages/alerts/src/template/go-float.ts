/** Floats as Go's strconv.FormatFloat writes them: shortest or exactly rounded, half to even, which JavaScript's toFixed is not. */

/** Decimal digits without leading zeros; the value is 0.d1d2d3… × 10^point. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/** Digits after the point that a precision may ask for; more is cut to this. */
export const MAX_PRECISION = 1_000;

/** The forms of strconv.FormatFloat: with exponent, without, and whichever is shorter. */
export type FloatForm = "e" | "f" | "g";

/** Writes a float; `precision` -1 is the fewest digits that read back as the same float (strconv.FormatFloat). */
export function formatFloat(value: number, form: FloatForm, precision = -1): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  const wanted = Math.min(precision, MAX_PRECISION);
  return sign + (wanted < 0 ? shortestText(magnitude, form) : roundedText(magnitude, form, wanted));
}

function shortestText(value: number, form: FloatForm): string {
  const decimal = shortest(value);
  if (form === "e") return withExponent(decimal, Math.max(decimal.digits.length - 1, 0));
  if (form === "f") return withoutExponent(decimal, Math.max(decimal.digits.length - decimal.point, 0));
  return general(decimal, 6, decimal.digits.length);
}

function roundedText(value: number, form: FloatForm, precision: number): string {
  const decimal = exact(value);
  if (form === "e") return withExponent(rounded(decimal, precision + 1), precision);
  if (form === "f") return withoutExponent(rounded(decimal, decimal.point + precision), precision);
  const significant = precision === 0 ? 1 : precision;
  const short = rounded(decimal, significant);
  const { length } = short.digits;
  // A precision beyond the digits that there are decides only as far as these reach.
  return general(short, significant > length && length >= short.point ? length : significant, length);
}

/** `%e` when the exponent is below -4 or not below `threshold`, `%f` otherwise. */
function general(decimal: Decimal, threshold: number, digits: number): string {
  const exponent = decimal.point - 1;
  if (decimal.digits !== "" && (exponent < -4 || exponent >= threshold)) return withExponent(decimal, digits - 1);
  return withoutExponent(decimal, Math.max(digits - decimal.point, 0));
}

/** The fewest digits that tell the float from its neighbours: those of JavaScript. */
function shortest(value: number): Decimal {
  if (value === 0) return { digits: "", point: 0 };
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), point: Number(exponent) + 1 };
}

const scratch = new DataView(new ArrayBuffer(8));

/** All digits of the float: every one is a whole number of halves, and so has a decimal end. */
function exact(value: number): Decimal {
  if (value === 0) return { digits: "", point: 0 };
  scratch.setFloat64(0, value);
  const bits = scratch.getBigUint64(0);
  const stored = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = stored === 0 ? fraction : fraction | 0x10000000000000n;
  const exponent = (stored === 0 ? 1 : stored) - 1075;
  const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const text = whole.toString();
  return { digits: text.replace(/0+$/, ""), point: text.length + Math.min(exponent, 0) };
}

/** Keeps the first `count` digits; a tie goes to the even digit. */
function rounded({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: "", point: 0 };
  const kept = digits.slice(0, count);
  const rest = digits.slice(count);
  const isTie = /^50*$/.test(rest);
  const up = isTie ? Number(kept.at(-1) ?? 0) % 2 === 1 : rest >= "5";
  if (!up) {
    const short = kept.replace(/0+$/, "");
    return { digits: short, point: short === "" ? 0 : point };
  }
  const raised = (BigInt(`0${kept}`) + 1n).toString().padStart(count, "0");
  return { digits: raised.replace(/0+$/, ""), point: point + raised.length - count };
}

function withExponent({ digits, point }: Decimal, after: number): string {
  const padded = digits.padEnd(after + 1, "0");
  const exponent = digits === "" ? 0 : point - 1;
  const tail = `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  return after > 0 ? `${padded.slice(0, 1)}.${padded.slice(1, after + 1)}${tail}` : `${padded.slice(0, 1)}${tail}`;
}

function withoutExponent({ digits, point }: Decimal, after: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  if (after === 0) return whole;
  const fraction = point > 0 ? digits.slice(point) : "0".repeat(-point) + digits;
  return `${whole}.${fraction.slice(0, after).padEnd(after, "0")}`;
}
