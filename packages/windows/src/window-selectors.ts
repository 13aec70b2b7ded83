/**
 * Which series are kept, and how long: what some loaded rule reads, and what the configuration names besides. A series is
 * matched once, when it is first met.
 */
import { createHash } from "node:crypto";
import { labelValue, type Matcher, METRIC_NAME } from "@rondo/promql";
import type { LabelledSeries } from "./slot-encoder.ts";

/** A selector and how far it reaches into the past of an evaluation, milliseconds. `SelectorUse` of the engine is one. */
export interface KeptSelector {
  readonly matchers: readonly Matcher[];
  readonly reachMs: number;
}

/** What is read of the windows. */
export interface WindowSelectorsOptions {
  /** By tenant, what its rules read. */
  readonly rules: Readonly<Record<string, readonly KeptSelector[]>>;
  /** Of every tenant, what is kept although no rule reads it. */
  readonly keep?: readonly (readonly Matcher[])[];
}

/** How far back series are kept that only `keep` names, when no rule reaches farther, milliseconds. */
export const KEEP_REACH_MS = 3_600_000;

/** The selectors of all tenants. */
export class WindowSelectors {
  /** The farthest that anything reaches back, milliseconds; 0 when nothing is kept. */
  readonly longestMs: number;
  /** Equal for equal selectors: windows that were written for others are filled again. */
  readonly fingerprint: string;
  readonly #tenants: ReadonlyMap<string, TenantSelectors>;
  readonly #others: TenantSelectors;

  constructor({ rules, keep = [] }: WindowSelectorsOptions) {
    const reaches = Object.values(rules).flatMap((uses) => uses.map(({ reachMs }) => reachMs));
    const longest = reaches.reduce((most, reach) => Math.max(most, reach), 0);
    const kept = keep.map((matchers) => ({ matchers, reachMs: Math.max(longest, KEEP_REACH_MS) }));
    this.longestMs = kept[0]?.reachMs ?? longest;
    this.#others = new TenantSelectors(kept);
    this.#tenants = new Map(
      Object.entries(rules).map(([tenant, uses]) => [tenant, new TenantSelectors([...uses, ...kept])]),
    );
    this.fingerprint = fingerprintOf(rules, kept);
  }

  /** How far back a series is kept, milliseconds; 0 means that nothing reads it. */
  reachOf(tenant: string, series: LabelledSeries): number {
    return (this.#tenants.get(tenant) ?? this.#others).reachOf(series);
  }
}

/** The selectors that hold for one tenant. */
class TenantSelectors {
  /** Those that ask for one metric, by its name: almost all do. */
  readonly #named = new Map<string, KeptSelector[]>();
  readonly #unnamed: KeptSelector[] = [];
  /** Holds no series that its translator has forgotten, so the translator's bound is its own. */
  readonly #reaches = new WeakMap<LabelledSeries, number>();

  constructor(selectors: readonly KeptSelector[]) {
    for (const selector of selectors) {
      const name = selector.matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.op === "=")?.value;
      const list = name === undefined ? this.#unnamed : (this.#named.get(name) ?? []);
      list.push(selector);
      if (name !== undefined) this.#named.set(name, list);
    }
  }

  reachOf(series: LabelledSeries): number {
    const known = this.#reaches.get(series);
    if (known !== undefined) return known;
    const { labels } = series;
    const named = this.#named.get(labelValue(labels, METRIC_NAME)) ?? [];
    const reach = [...named, ...this.#unnamed]
      .filter(({ matchers }) => matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name))))
      .reduce((most, { reachMs }) => Math.max(most, reachMs), 0);
    this.#reaches.set(series, reach);
    return reach;
  }
}

/** Of what is kept of whom and how long, whatever the order in which it was loaded. */
function fingerprintOf(rules: WindowSelectorsOptions["rules"], kept: readonly KeptSelector[]): string {
  const linesOf = (tenant: string | null, selectors: readonly KeptSelector[]) =>
    selectors.map(({ matchers, reachMs }) =>
      JSON.stringify([tenant, reachMs, matchers.map(({ name, op, value }) => [name, op, value])]),
    );
  const lines = [...Object.entries(rules).flatMap(([tenant, uses]) => linesOf(tenant, uses)), ...linesOf(null, kept)];
  return createHash("sha256")
    .update([...new Set(lines)].sort().join("\n"))
    .digest("hex")
    .slice(0, 16);
}
