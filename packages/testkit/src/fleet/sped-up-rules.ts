/**
 * A rule file for a world that runs faster: every duration in it divided by the speed, and what a rate is compared with
 * multiplied by it. It knows the forms that the rules of the examples use, and refuses to guess about others.
 */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Keys of rule files whose value is a duration. */
const KEYED = /^(\s*(?:for|interval|keep_firing_for|query_offset):\s*)(\d+)(ms|s|m|h|d)\s*$/gm;
/** Ranges of selectors. */
const RANGE = /\[(\d+)(ms|s|m|h|d)\]/g;
/** A rate and the number that it is compared with. */
const RATE = /(\b(?:rate|irate|deriv)\([^()]*\)\s*(?:[<>]=?|[=!]=)\s*)(\d+(?:\.\d+)?)/g;
const ANY_RATE = /\b(?:rate|irate|deriv)\(/g;

/**
 * The rule file at `speed`. Durations come out in milliseconds. Throws RangeError when one of them would not be whole, or
 * when a rate is used otherwise than in a comparison with a number.
 */
export function spedUpRules(text: string, speed: number): string {
  const rates = [text.matchAll(ANY_RATE), text.matchAll(RATE)].map((found) => [...found].length);
  if (rates[0] !== rates[1]) throw new RangeError("a rate is not compared with a number; write its rule by hand");
  return text
    .replace(KEYED, (_, key: string, count: string, unit: string) => key + shortened(count, unit, speed))
    .replace(RANGE, (_, count: string, unit: string) => `[${shortened(count, unit, speed)}]`)
    .replace(RATE, (_, before: string, threshold: string) => before + String(Number(threshold) * speed));
}

function shortened(count: string, unit: string, speed: number): string {
  const ms = (Number(count) * (UNIT_MS[unit] ?? Number.NaN)) / speed;
  if (!Number.isSafeInteger(ms)) throw new RangeError(`${count}${unit} at speed ${speed} is not whole milliseconds`);
  return `${ms}ms`;
}
