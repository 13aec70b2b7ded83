/** The order of text in which a person counts: digits compare as numbers, so that `4m600` comes before `4m1000`. */
import { compareText } from "./labels.ts";

/** Orders text naturally. Negative, zero or positive. */
export function compareNatural(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let at = 0; ; at++) {
    const x = left[at];
    const y = right[at];
    if (x === undefined || y === undefined) return left.length - right.length || compareText(a, b);
    const digits = /^\d/.test(x) && /^\d/.test(y);
    const order = digits ? compareDigits(x, y) : compareText(x, y);
    if (order !== 0) return order;
  }
}

/** Orders runs of digits of any length by their value. */
function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+(?=\d)/, "");
  const y = b.replace(/^0+(?=\d)/, "");
  return x.length - y.length || compareText(x, y);
}
