/**
 * Reads scripts of PromQL's test language: `clear`, `load`, `eval`, and what is expected of each evaluation. Lines are
 * trimmed, comments are empty lines, and an empty line ends a block.
 */
import { labelsKey, parseDuration } from "@rondo/promql";
import { type NotatedSeries, parseMetric, parseNumber, parseSeries, parseStartOffsets } from "./series-notation.ts";

/** What a note or failure must be: this text, or matching this expression; neither means that there must be one. */
export interface Expectation {
  readonly kind: "fail" | "warn" | "info";
  readonly message?: string;
  readonly pattern?: string;
}

/** One evaluation with what it must yield. */
export interface EvalCommand {
  readonly kind: "eval";
  readonly line: number;
  readonly expr: string;
  /** Milliseconds; equal without a step for an evaluation at one time. */
  readonly from: number;
  readonly until: number;
  readonly stepMs: number | undefined;
  readonly expectations: readonly Expectation[];
  readonly forbidden: ReadonlySet<"warn" | "info">;
  readonly ordered: boolean;
  /** The steps of the range that an instant evaluation of a range must yield. */
  readonly range: { readonly from: number; readonly stepMs: number } | undefined;
  readonly result: readonly NotatedSeries[] | { readonly scalar: number } | { readonly string: string };
}

/** One command of a script. */
export type ScriptCommand =
  | { readonly kind: "clear"; readonly line: number }
  | {
      readonly kind: "load";
      readonly line: number;
      readonly stepMs: number;
      /** Whether classic histograms are loaded as native ones with explicit bounds as well. */
      readonly withNative: boolean;
      readonly series: readonly NotatedSeries[];
    }
  | EvalCommand;

/** Reads a script. Throws an Error that names the line. */
export function parseScript(text: string): readonly ScriptCommand[] {
  const lines = text.split("\n").map((line) => line.trim().replace(/^#.*/s, ""));
  const commands: ScriptCommand[] = [];
  for (let at = 0; at < lines.length; at++) {
    const head = lines[at] ?? "";
    if (head === "") continue;
    const block: string[] = [];
    const line = at + 1;
    if (head !== "clear") while ((lines[at + 1] ?? "") !== "") block.push(lines[++at] ?? "");
    try {
      commands.push(parseCommand(head, block, line));
    } catch (thrown) {
      throw new Error(`line ${line}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { cause: thrown });
    }
  }
  return commands;
}

function parseCommand(head: string, block: readonly string[], line: number): ScriptCommand {
  if (head === "clear") return { kind: "clear", line };
  const load = /^load(_with_nhcb)?\s+(\S+)$/i.exec(head);
  if (load !== null) {
    const withNative = load[1] !== undefined;
    return { kind: "load", line, stepMs: duration(load[2] ?? ""), withNative, series: parseLoaded(block) };
  }
  return parseEval(head, block, line);
}

/** The series of a block; a line `metric@st offsets` tells when the counters of the same metric's values began. */
function parseLoaded(block: readonly string[]): readonly NotatedSeries[] {
  const startsOf = (line: string) => /^(.*?)@st\s+(.*)$/.exec(line);
  const starts = new Map<string, readonly (number | undefined)[]>();
  for (const [, metric = "", offsets = ""] of block.map(startsOf).filter((match) => match !== null))
    starts.set(labelsKey(parseMetric(metric)), parseStartOffsets(offsets));
  return block
    .filter((line) => startsOf(line) === null)
    .map(parseSeries)
    .map((series) => {
      const known = starts.get(labelsKey(series.labels));
      return known === undefined ? series : { ...series, starts: known };
    });
}

/** A duration or a number of seconds, in milliseconds. */
function duration(text: string): number {
  const negative = text.startsWith("-");
  const plain = negative ? text.slice(1) : text;
  const ms = /^\d+(?:\.\d+)?$/.test(plain) ? Number(plain) * 1000 : parseDuration(plain);
  if (ms === undefined) throw new Error(`${text} is no duration`);
  return negative ? -ms : ms;
}

const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+))?\s*(.+)$/s;
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/s;

function parseEval(head: string, block: readonly string[], line: number): EvalCommand {
  const instant = INSTANT.exec(head);
  const range = RANGE.exec(head);
  if (instant === null && range === null) throw new Error(`unknown command ${JSON.stringify(head)}`);
  const [, mode] = instant ?? range ?? [];
  const from = duration((instant === null ? range?.[2] : instant[2]) ?? "0");
  const until = instant === null ? duration(range?.[3] ?? "0") : from;
  const expectations: Expectation[] = [];
  const forbidden = new Set<"warn" | "info">();
  const results: string[] = [];
  let ordered = mode === "ordered";
  let steps: EvalCommand["range"];
  let string: string | undefined;
  for (const one of block) {
    const told = /^expect\s+(\w+)\s*(.*)$/s.exec(one);
    const old = /^expected_fail_(message|regexp)\s+(.*)$/s.exec(one);
    const [, word = "", rest = ""] = told ?? [];
    if (old !== null) expectations.push({ kind: "fail", [old[1] === "message" ? "message" : "pattern"]: old[2] ?? "" });
    else if (told === null) results.push(one);
    else if (word === "ordered") ordered = true;
    else if (word === "no_warn" || word === "no_info") forbidden.add(word === "no_warn" ? "warn" : "info");
    else if (word === "string") string = expectedString(one);
    else if (word === "range") {
      const [, start = "0", step = "0"] = /^vector from (\S+) to \S+ step (\S+)$/.exec(rest) ?? [];
      steps = { from: duration(start), stepMs: duration(step) };
    } else if (word === "fail" || word === "warn" || word === "info") expectations.push(expectation(word, rest));
    else throw new Error(`unknown expectation ${JSON.stringify(one)}`);
  }
  if (mode === "fail" || mode === "warn" || mode === "info")
    if (!expectations.some(({ kind }) => kind === mode)) expectations.push({ kind: mode });
  return {
    kind: "eval",
    line,
    expr: (instant === null ? range?.[5] : instant[3]) ?? "",
    from,
    until,
    stepMs: instant === null ? duration(range?.[4] ?? "0") : undefined,
    expectations,
    forbidden,
    ordered,
    range: steps,
    result: string === undefined ? parseResult(results) : { string },
  };
}

/** The string behind `expect string`: as it stands, or a JSON string. */
function expectedString(line: string): string {
  const text = line.slice("expect string ".length);
  return text.startsWith('"') ? JSON.parse(text) : text;
}

function expectation(kind: Expectation["kind"], rest: string): Expectation {
  const [, how, text = ""] = /^(msg|regex):\s*(.*)$/s.exec(rest) ?? [];
  return how === undefined ? { kind } : { kind, [how === "msg" ? "message" : "pattern"]: text };
}

function parseResult(lines: readonly string[]): EvalCommand["result"] {
  const [only] = lines;
  if (lines.length === 1 && only !== undefined && /^[+-]?(?:inf|nan|[\d.]+(?:e[+-]?\d+)?)$/i.test(only))
    return { scalar: parseNumber(only) };
  return lines.map(parseSeries);
}
