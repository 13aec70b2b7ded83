/** Numbers as a table has room for them: exact while they are short, then with a unit. */

const UNITS = ["", "k", "M", "G", "T"];

/** A count in at most seven characters: `999999`, `1.23M`, `45.6G`. */
export function count(value: number): string {
  return value < 1_000_000 ? String(Math.round(value)) : scaled(value);
}

/** A rate per second in at most five characters: `0`, `0.4`, `12.5`, `850`, `1.23k`. */
export function rate(perSecond: number): string {
  if (perSecond <= 0) return "0";
  if (perSecond >= 999.5) return scaled(perSecond);
  return perSecond >= 99.95 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** Three significant digits and a unit. Rounding first decides the unit: 999999 is 1.00M, not 1000k. */
function scaled(value: number): string {
  let unit = 0;
  let rest = value;
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${rest >= 99.95 ? rest.toFixed(0) : rest >= 9.995 ? rest.toFixed(1) : rest.toFixed(2)}${UNITS[unit]}`;
}

/** Text cut to a width, with an ellipsis where something was cut; padded to it. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}
