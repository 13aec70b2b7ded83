/** Runs scripts of PromQL's test language against our engine, and says of every evaluation what is not as it should be. */
import {
  bucketCounts,
  evaluateInstant,
  evaluateRange,
  type FloatHistogram,
  formatHistogram,
  formatLabels,
  labelsKey,
  PromqlError,
  parseExpr,
  type Result,
  type SampleSeries,
} from "@rondo/promql";
import { nativeOfClassic } from "./native-of-classic.ts";
import { type EvalCommand, parseScript, type ScriptCommand } from "./promql-script.ts";
import { SampleStore } from "./sample-store.ts";
import type { NotatedSeries, NotatedValue } from "./series-notation.ts";

/** One evaluation of a script, with what was wrong; nothing when it is as expected. */
export interface CaseOutcome {
  /** The line of the `eval`. */
  readonly line: number;
  readonly expr: string;
  readonly problem: string | undefined;
}

/** Two results are equal when they differ by no more than this share. */
const EPSILON = 1e-6;

/** Runs a script from an empty store. Throws an Error when the script itself is malformed. */
export async function runPromqlScript(text: string): Promise<readonly CaseOutcome[]> {
  const store = new SampleStore();
  const outcomes: CaseOutcome[] = [];
  for (const command of parseScript(text)) {
    if (command.kind === "clear") store.clear();
    else if (command.kind === "load") load(store, command);
    else outcomes.push({ line: command.line, expr: command.expr, problem: await runCase(store, command) });
  }
  return outcomes;
}

/** What is wrong with a script's evaluations, a line each: nothing when all are as expected. Throws as `runPromqlScript`. */
export async function problemsOf(text: string): Promise<readonly string[]> {
  const outcomes = await runPromqlScript(text);
  return outcomes.flatMap(({ line, expr, problem }) => (problem === undefined ? [] : [`${line}: ${expr}: ${problem}`]));
}

function load(store: SampleStore, { series, stepMs, withNative }: Extract<ScriptCommand, { kind: "load" }>): void {
  const all = withNative ? [...series, ...nativeOfClassic(series)] : series;
  for (const { labels, values, starts } of all)
    store.add(
      labels,
      values.flatMap((value, step) => {
        const [time, start] = [step * stepMs, starts?.[step]];
        if (value === undefined) return [];
        return [start === undefined ? { time, value } : { time, value, startTime: time + start }];
      }),
    );
}

async function runCase(store: SampleStore, command: EvalCommand): Promise<string | undefined> {
  const problem = await check(store, command);
  if (problem !== undefined || command.stepMs !== undefined || !canRange(command)) return problem;
  // Every evaluation at one time is one step of a range as well.
  const minute = 60_000;
  const ranged = await check(
    store,
    { ...command, from: command.from - minute, until: command.until + minute, stepMs: minute },
    1,
  );
  return ranged === undefined ? undefined : `as a step of a range: ${ranged}`;
}

function canRange({ ordered, range, result, expectations, expr }: EvalCommand): boolean {
  const ofQuery = /\b(?:start|end|step|range)\(\)/i.test(expr);
  return !ordered && range === undefined && !("string" in result) && expectations.length === 0 && !ofQuery;
}

async function check(store: SampleStore, command: EvalCommand, onlyStep?: number): Promise<string | undefined> {
  const failure = command.expectations.find(({ kind }) => kind === "fail");
  let result: Result;
  try {
    const expr = parseExpr(command.expr);
    const { from, until, stepMs } = command;
    result =
      stepMs === undefined
        ? await evaluateInstant(expr, { queryable: store, at: from })
        : await evaluateRange(expr, { queryable: store, from, until, stepMs });
  } catch (thrown) {
    if (!(thrown instanceof PromqlError)) return `threw ${thrown instanceof Error ? thrown.stack : String(thrown)}`;
    if (failure === undefined) return `failed: ${thrown.atPosition}`;
    return meets(failure, thrown.message) ? undefined : `failed with ${thrown.message}, not ${describe(failure)}`;
  }
  if (failure !== undefined) return "should have failed";
  if (onlyStep !== undefined) return compareSteps(command, result, onlyStep);
  return checkNotes(command, result) ?? compare(command, result);
}

function describe({ message, pattern }: { message?: string; pattern?: string }): string {
  return message === undefined ? `/${pattern}/` : JSON.stringify(message);
}

function meets({ message, pattern }: { message?: string; pattern?: string }, text: string): boolean {
  if (message !== undefined) return text === message;
  return pattern === undefined || new RegExp(pattern).test(text);
}

function checkNotes({ expectations, forbidden }: EvalCommand, { warnings, infos }: Result): string | undefined {
  for (const [kind, notes] of [
    ["warn", warnings],
    ["info", infos],
  ] as const) {
    if (forbidden.has(kind) && notes.length > 0) return `${kind} not wanted: ${notes.join("; ")}`;
    const wanted = expectations.filter((one) => one.kind === kind);
    for (const one of wanted)
      if (!notes.some((note) => meets(one, note))) return `no ${kind} ${describe(one)}, but ${JSON.stringify(notes)}`;
    const specific = wanted.filter(({ message, pattern }) => message !== undefined || pattern !== undefined);
    const stray = specific.length > 0 ? notes.find((note) => !specific.some((one) => meets(one, note))) : undefined;
    if (stray !== undefined) return `${kind} not expected: ${stray}`;
  }
  return undefined;
}

function compare(command: EvalCommand, { value }: Result): string | undefined {
  const { result, range, ordered, from, stepMs } = command;
  if ("string" in result)
    return value.type === "string" && value.value === result.string ? undefined : `not the string ${result.string}`;
  if ("scalar" in result) {
    if (value.type !== "scalar") return `a ${value.type}, not a scalar`;
    return almostEqual(result.scalar, value.value) ? undefined : `${value.value}, not ${result.scalar}`;
  }
  if (value.type === "matrix") {
    const steps = range ?? { from, stepMs: stepMs ?? 1 };
    return compareSeries(result, value.series, (time) => (time - steps.from) / steps.stepMs);
  }
  if (value.type !== "vector") return `a ${value.type}, not a vector`;
  const series = value.samples.map(({ labels, value: number, histogram }) => ({
    labels,
    times: Float64Array.of(0),
    values: Float64Array.of(number),
    ...(histogram === undefined ? {} : { histograms: [histogram] }),
  }));
  const wrong = compareSeries(result, series, (time) => time);
  if (wrong !== undefined || !ordered) return wrong;
  const at = result.findIndex(({ labels }, index) => labelsKey(labels) !== labelsKey(series[index]?.labels ?? []));
  return at < 0 ? undefined : `place ${at} has ${formatLabels(series[at]?.labels ?? [])}`;
}

/** Compares one step of a range with the result at one time. */
function compareSteps(command: EvalCommand, { value }: Result, step: number): string | undefined {
  if (value.type !== "matrix") return `a ${value.type}, not a matrix`;
  const time = command.from + step * (command.stepMs ?? 0);
  const { result } = command;
  const expected = "scalar" in result ? [{ labels: [], values: [result.scalar] }] : "string" in result ? [] : result;
  const series = value.series.filter(({ times }) => times.includes(time));
  return compareSeries(expected, series, (at) => (at === time ? 0 : -1));
}

function compareSeries(
  expected: readonly NotatedSeries[],
  actual: readonly SampleSeries[],
  stepOf: (time: number) => number,
): string | undefined {
  const left = new Map(actual.map((one) => [labelsKey(one.labels), one]));
  for (const { labels, values } of expected) {
    const key = labelsKey(labels);
    const one = left.get(key);
    left.delete(key);
    if (one === undefined) {
      if (values.every((value) => value === undefined)) continue;
      return `no ${formatLabels(labels)}`;
    }
    const found: NotatedValue[] = [];
    for (const [index, time] of one.times.entries()) {
      const step = stepOf(time);
      if (step >= 0) found[step] = one.histograms?.[index] ?? one.values[index];
    }
    for (let step = 0; step < Math.max(values.length, found.length); step++)
      if (!equal(values[step], found[step]))
        return `${formatLabels(labels)} at step ${step}: ${show(found[step])}, not ${show(values[step])}`;
  }
  const [extra] = left.values();
  return extra === undefined ? undefined : `${formatLabels(extra.labels)} not expected`;
}

function show(value: NotatedValue): string {
  if (value === undefined) return "nothing";
  if (value === "stale") return value;
  return typeof value === "number"
    ? String(value)
    : `${formatHistogram(value)} (schema ${value.schema}, ${value.resetHint})`;
}

function equal(expected: NotatedValue, actual: NotatedValue): boolean {
  if (typeof expected === "string" || typeof actual === "string") return expected === actual;
  if (expected === undefined || actual === undefined) return expected === actual;
  if (typeof expected === "number" || typeof actual === "number")
    return typeof expected === "number" && typeof actual === "number" && almostEqual(expected, actual);
  return sameHistogram(expected, actual);
}

/** Equal but for rounding; NaN equals NaN. */
function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  // Next to zero a share means nothing.
  if (a === 0 || b === 0 || sum < Number.MIN_VALUE) return difference < EPSILON * Number.MIN_VALUE;
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON;
}

function sameHistogram(expected: FloatHistogram, actual: FloatHistogram): boolean {
  if (expected.schema !== actual.schema || expected.zeroThreshold !== actual.zeroThreshold) return false;
  if (expected.resetHint !== "unknown" && expected.resetHint !== actual.resetHint) return false;
  if (expected.customValues.length !== actual.customValues.length) return false;
  if (!expected.customValues.every((bound, index) => almostEqual(bound, actual.customValues[index] ?? 0))) return false;
  if (!(["count", "sum", "zeroCount"] as const).every((field) => almostEqual(expected[field], actual[field])))
    return false;
  return (["positive", "negative"] as const).every((side) => {
    const [a, b] = [bucketCounts(expected, side), bucketCounts(actual, side)];
    return [...new Set([...a.keys(), ...b.keys()])].every((index) => almostEqual(a.get(index) ?? 0, b.get(index) ?? 0));
  });
}
