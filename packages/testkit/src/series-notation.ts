/**
 * Series as PromQL's test language and rule tests write them: `up{job="a"} 1 _ 2+1x3 stale {{schema:0 count:1}}`. A value
 * stands for one step; `axn` repeats it n more times, `a+bxn` goes on from it, `_` is nothing, `_xn` nothing n times.
 */
import { type FloatHistogram, type Labels, labelsOf, parseDuration, parseExpr, withLabel } from "@rondo/promql";
import { addNotated, parseHistogramNotation } from "./histogram-notation.ts";

/** A value of a step: a number, a histogram, the marker of a series that ended, or nothing. The marker is a word, because an array of numbers does not keep the bits of a NaN. */
export type NotatedValue = number | FloatHistogram | "stale" | undefined;

/** A series with a value a step. */
export interface NotatedSeries {
  readonly labels: Labels;
  readonly values: readonly NotatedValue[];
  /** When the counter of each value began, milliseconds from the time of the value; undefined where that is not known. */
  readonly starts?: readonly (number | undefined)[];
}

/** The most values that one item may stand for. */
export const MAX_REPEATS = 100_000;

const NUMBER = String.raw`(?:inf(?:inity)?|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)`;
const ITEM = new RegExp(String.raw`^([+-]?${NUMBER})(?:([+-]${NUMBER}))?(?:x(\d+))?$`, "i");
const HISTOGRAM_ITEM = /^\{\{(.*?)\}\}(?:([+-])\{\{(.*?)\}\})?(?:x(\d+))?$/s;

/** Reads a series. Throws an Error that quotes what is wrong. */
export function parseSeries(text: string): NotatedSeries {
  const end = endOfMetric(text);
  return { labels: parseMetric(text.slice(0, end)), values: parseValues(text.slice(end)) };
}

/** Reads the offsets of an `@st` line: durations with a sign, repeated and continued as values are. */
export function parseStartOffsets(text: string): readonly (number | undefined)[] {
  return (text.match(/\S+/g) ?? []).flatMap((item) => {
    const blank = /^_(?:x(\d+))?$/.exec(item);
    if (blank !== null) return new Array<undefined>(repeats(blank[1] ?? "1")).fill(undefined);
    const [, first, step = "0", times = "0"] = /^([+-]?\w+?)([+-]\w+?)?(?:x(\d+))?$/.exec(item) ?? [];
    if (first === undefined) throw new Error(`${JSON.stringify(item)} is no offset`);
    const [start, delta] = [signedDuration(first), signedDuration(step)];
    return Array.from({ length: repeats(times) + 1 }, (_, at) => start + at * delta);
  });
}

function signedDuration(text: string): number {
  const ms = parseDuration(text.replace(/^[+-]/, ""));
  if (ms === undefined) throw new Error(`${text} is no duration`);
  return text.startsWith("-") ? -ms : ms;
}

/** Where the metric ends: at its closing brace, or at the first space. */
function endOfMetric(text: string): number {
  const match = /^\s*[a-zA-Z_:][\w:]*|^\s*(?=\{)/.exec(text);
  if (match === null) throw new Error(`no metric at the start of ${JSON.stringify(text)}`);
  let at = match[0].length;
  if (text[at] !== "{" || text[at + 1] === "{") return at;
  for (let quote = ""; at < text.length; at++) {
    const char = text[at] ?? "";
    if (quote !== "") {
      if (char === "\\" && quote !== "`") at++;
      else if (char === quote) quote = "";
    } else if ("\"'`".includes(char)) quote = char;
    else if (char === "}") return at + 1;
  }
  throw new Error(`no closing brace in ${JSON.stringify(text)}`);
}

/** Reads a metric: a name, labels in braces, or both. Throws an Error when it is none. */
export function parseMetric(text: string): Labels {
  const trimmed = text.trim();
  if (/^\{\s*\}$/.test(trimmed)) return [];
  // A matcher more lets the parser take labels that are all empty.
  const selector = parseExpr(
    trimmed.endsWith("}") ? `${trimmed.slice(0, -1).replace(/,\s*$/, "")}, _=~".+"}`.replace("{,", "{") : trimmed,
  );
  if (selector.kind !== "selector") throw new Error(`${trimmed} is no metric`);
  return labelsOf(selector.matchers.filter(({ op }) => op === "=").map(({ name, value }) => [name, value] as const));
}

/** Reads the values behind a metric. Throws an Error that quotes the item that is none. */
export function parseValues(text: string): readonly NotatedValue[] {
  const items = text.match(/(?:\{\{.*?\}\}|\S)+/gs) ?? [];
  return items.flatMap(parseItem);
}

function parseItem(item: string): readonly NotatedValue[] {
  const blank = /^_(?:x(\d+))?$/.exec(item);
  if (blank !== null) return new Array<NotatedValue>(repeats(blank[1] ?? "1")).fill(undefined);
  if (item === "stale") return ["stale"];
  if (item.startsWith("{{")) return parseHistogramItem(item);
  const [, first, delta, times] = ITEM.exec(item) ?? [];
  if (first === undefined) throw new Error(`${JSON.stringify(item)} is no value`);
  const start = parseNumber(first);
  const step = delta === undefined ? 0 : parseNumber(delta);
  // Added up one by one, as the reference does: the roundings are part of the values.
  const values = [start];
  for (let more = repeats(times ?? "0"); more > 0; more--) values.push((values.at(-1) ?? 0) + step);
  return values;
}

function parseHistogramItem(item: string): readonly NotatedValue[] {
  const [, first, sign, second, times] = HISTOGRAM_ITEM.exec(item) ?? [];
  if (first === undefined) throw new Error(`${JSON.stringify(item)} is no histogram`);
  const values: FloatHistogram[] = [parseHistogramNotation(first)];
  const step = second === undefined ? undefined : parseHistogramNotation(second);
  for (let more = repeats(times ?? "0"); more > 0; more--) {
    const last = values.at(-1);
    if (last === undefined) break;
    values.push(step === undefined ? last : addNotated(last, step, sign === "-" ? -1 : 1));
  }
  return values;
}

function repeats(text: string): number {
  const count = Number(text);
  if (count > MAX_REPEATS) throw new Error(`${count} repetitions are more than ${MAX_REPEATS}`);
  return count;
}

/** A number with `Inf` and `NaN` in any case. */
export function parseNumber(text: string): number {
  const lower = text.toLowerCase().replace(/^\+/, "");
  if (/^-?inf(?:inity)?$/.test(lower))
    return lower.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /nan$/.test(lower) ? Number.NaN : Number(lower);
}

/** The labels with another name, or without one when it is empty. */
export function renamed(labels: Labels, name: string): Labels {
  return withLabel(labels, "__name__", name);
}
