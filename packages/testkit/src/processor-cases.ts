/**
 * Runs the YAML cases of processors: a configuration as users write it, a request in, what must come out and what may be
 * dropped. Every case also holds the processor to its laws: the same bytes twice, and items in = items out + drops.
 */
import { isDeepStrictEqual } from "node:util";
import {
  type AnyProcessorType,
  type Batch,
  type KeepingProcessor,
  type Meta,
  type Place,
  type Processed,
  type Processor,
  readFields,
  silentLog,
} from "@rondo/core";
import { countItems, type Signal } from "@rondo/otlp";
import { decodeRequest } from "@rondo/otlp/codec";
import { parse } from "yaml";
import { type CompactRequest, countCompact, requestBytes, VARIANTS, type Variant } from "./compact-request.ts";
import { FakeClock } from "./fake-clock.ts";
import { type MetricStep, runMetricSteps } from "./metric-steps.ts";

export * from "./compact-request.ts";

/** One case of a `<type>.test.yaml`: either `in` with what comes out, or the `problems` that the configuration has. */
export interface ProcessorCase {
  readonly name: string;
  /** What stands under the processor's id in a configuration. */
  readonly config?: unknown;
  /** Absent: every signal, metrics in all five kinds of data. */
  readonly signals?: readonly Signal[];
  readonly in?: CompactRequest;
  /** The client metadata of the request. */
  readonly meta?: Meta;
  /** The one part that is left; `same`: the very bytes that went in. */
  readonly out?: CompactRequest | "same";
  /** Instead of `out`: the parts that are left, none when everything was dropped. */
  readonly parts?: readonly CompactRequest[];
  /** Instead of `in` and `out`, for a processor that keeps state: requests of metrics, one after the other. */
  readonly steps?: readonly MetricStep[];
  /** Items dropped by reason. */
  readonly drops?: Readonly<Record<string, number | bigint>>;
  /** `path: message` for every problem, in any order; a message may be cut short. */
  readonly problems?: readonly string[];
}

/** Something that a case expected and did not find. */
export interface Mismatch {
  readonly variant: string;
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** The broker's time of every record of a case, milliseconds. */
const AT = Date.UTC(2026, 0, 1);

/** Reads a file of cases: a YAML list. Throws when it is none. */
export function parseProcessorCases(text: string): readonly ProcessorCase[] {
  const cases: unknown = parse(text, { intAsBigInt: true });
  if (!Array.isArray(cases)) throw new TypeError("a file of processor cases is a list");
  // Written by hand beside the processor; what is wrong in a case shows as a mismatch of that case.
  return cases as readonly ProcessorCase[];
}

/** Runs one case; returns everything that is not as it says. */
export function runProcessorCase(type: AnyProcessorType, one: ProcessorCase): readonly Mismatch[] {
  const { values, problems } = readConfig(type, one.config);
  const missed = matchProblems(one.problems ?? [], problems);
  if (missed.length > 0 || one.problems !== undefined || values === undefined) return missed;
  if (one.steps !== undefined) {
    if (type.state !== "keep") throw new TypeError(`${type.type} keeps no state: steps say nothing of it`);
    return runSteps(() => type.create(values, surroundings(type, "metrics")), one.steps);
  }
  const variants = VARIANTS.filter(({ signal }) => one.signals?.includes(signal) ?? type.signals.includes(signal));
  // Each run with an instance of its own: of state `keep`, one that has seen nothing.
  return variants.flatMap((variant) =>
    runVariant(() => type.create(values, surroundings(type, variant.signal)), one, variant),
  );
}

function runSteps(create: () => KeepingProcessor, steps: readonly MetricStep[]): readonly Mismatch[] {
  // Counts and times of steps are numbers of YAML too, whose 64 bits only OTLP needs.
  const results = runMetricSteps(create, asConfiguration(steps) as readonly MetricStep[], AT);
  return results.flatMap(({ expected, actual }, index) =>
    isDeepStrictEqual(expected, actual) ? [] : [{ variant: `step ${index + 1}`, what: "outcome", expected, actual }],
  );
}

function readConfig(type: AnyProcessorType, config: unknown) {
  const problems: string[] = [];
  const root = place("", problems);
  const values = readFields(type.fields, asConfiguration(config), root);
  if (values !== undefined) type.check?.(values, root);
  return { values, problems };
}

function place(path: string, problems: string[]): Place {
  return {
    path,
    problem: (message) => void problems.push(`${path}: ${message}`),
    warn() {},
    at: (key) => place(path === "" ? String(key) : `${path}::${key}`, problems),
  };
}

/** Configurations have whole numbers as numbers wherever these are exact. */
function asConfiguration(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(asConfiguration);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asConfiguration(one)]));
}

/** As many as expected, each beginning as expected: a case need not repeat the whole sentence. */
function matchProblems(expected: readonly string[], actual: readonly string[]): readonly Mismatch[] {
  const met =
    expected.length === actual.length && expected.every((one) => actual.some((other) => other.startsWith(one)));
  return met ? [] : [{ variant: "load", what: "problems", expected, actual }];
}

function surroundings(type: AnyProcessorType, signal: Signal) {
  return { id: type.type, signal, pipeline: signal, clock: new FakeClock(), random: () => 0.5, log: silentLog };
}

/** Runs the same bytes twice and looks at the input afterwards: a processor is a function of what it was given (rules of the log 5). */
function runVariant(
  create: () => Processor | KeepingProcessor,
  one: ProcessorCase,
  variant: Variant,
): readonly Mismatch[] {
  const { signal, name } = variant;
  const given = one.in ?? [];
  const body = requestBytes(given, variant);
  const before = Buffer.from(body);
  const batch: Batch<Signal> = {
    signal,
    tenant: "default",
    items: countCompact(given),
    body,
    via: "otlp",
    ...(one.meta && { meta: one.meta }),
  };
  const first = create().process(batch, AT);
  const again = create().process({ ...batch, body: Buffer.from(body) }, AT);
  const mismatches: Mismatch[] = [];
  const expect = (what: string, expected: unknown, actual: unknown) => {
    if (!isDeepStrictEqual(expected, actual)) mismatches.push({ variant: name, what, expected, actual });
  };
  const compact = one.parts ?? (one.out === "same" || one.out === undefined ? [given] : [one.out]);
  // Both sides are decoded: the wire may order fields as it likes, and only what they say is compared.
  const wanted = compact.map((part) => readable(signal, requestBytes(part, variant)));
  expect(
    "parts",
    wanted,
    first.parts.map((part) => readable(signal, part.body)),
  );
  if (one.out === "same") expect("the very bytes that went in", true, first.parts[0]?.body === body);
  expect("drops", dropsOf(one.drops ?? {}), dropsOf(sumDrops(first)));
  expect(
    "items of every part",
    first.parts.map((part) => countItems(signal, part.body)),
    first.parts.map(({ items }) => items),
  );
  expect("items in = items out + drops", batch.items, itemsOf(first));
  expect("the same bytes twice", bytesOf(first), bytesOf(again));
  expect("the input left as it was", before.toString("base64"), Buffer.from(body).toString("base64"));
  return mismatches;
}

function sumDrops({ drops = [] }: Processed): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { reason, items } of drops) sums[reason] = (sums[reason] ?? 0) + items;
  return sums;
}

function dropsOf(drops: Readonly<Record<string, number | bigint>>): readonly (readonly [string, number])[] {
  return Object.entries(drops)
    .map(([reason, items]) => [reason, Number(items)] as const)
    .sort();
}

function itemsOf({ parts, drops = [] }: Processed): number {
  return [...parts, ...drops].reduce((sum, { items }) => sum + items, 0);
}

function bytesOf({ parts }: Processed): readonly string[] {
  return parts.map(({ body }) => Buffer.from(body).toString("base64"));
}

/** A decoded request with attributes in the order of their keys: their order means nothing in OTLP. */
function readable(signal: Signal, body: Uint8Array): unknown {
  const text = JSON.stringify(decodeRequest(signal, body), (_, value) =>
    typeof value === "bigint" ? `${value}` : value,
  );
  return JSON.parse(text, (key, value) => (key === "attributes" && Array.isArray(value) ? value.sort(byText) : value));
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
