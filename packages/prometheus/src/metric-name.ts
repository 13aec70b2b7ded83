/** Prometheus names of OTLP metrics, as github.com/prometheus/otlptranslator (metric_namer.go) makes them. */
import { STRATEGIES, type TranslationStrategy } from "./strategy.ts";
import { escapeUnit, unitSuffixes } from "./unit-name.ts";

/** What a name is made of. `kind` decides about `_total` and `_ratio`. */
export interface NamedMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: "counter" | "gauge" | "other";
}

/**
 * The name of a metric's family; undefined when nothing of it is left. A namespace is escaped like a name, and put in front
 * with an underscore.
 */
export function metricName(
  metric: NamedMetric,
  strategy: TranslationStrategy = "UnderscoreEscapingWithSuffixes",
  namespace = "",
): string | undefined {
  const { escape: escaped, suffixes } = STRATEGIES[strategy];
  if (metric.name === "") return undefined;
  if (!escaped) return verbatimName(metric, suffixes, namespace);
  const prefix = namespace.replace(/[^A-Za-z0-9:_]/g, "_");
  // Without suffixes underscores of the name stay as they are; with them, runs collapse.
  const separators = suffixes ? /[^A-Za-z0-9:]+/ : /[^A-Za-z0-9:_]+/;
  const tokens = metric.name.split(separators).filter((token) => token !== "");
  const named = (suffixes ? withSuffixes(tokens, metric) : tokens).join("_");
  const whole = prefix === "" ? named : `${prefix}_${named}`;
  const legal = /^[0-9]/.test(whole) ? `_${whole}` : whole;
  if (legal === metric.name) return legal;
  return /^_*$/.test(legal) ? undefined : legal;
}

/** Each suffix stands once, at the end, wherever the name had it before. */
function withSuffixes(tokens: readonly string[], { unit, kind }: NamedMetric): string[] {
  const named = withUnit(tokens, unit);
  if (kind === "counter") return [...named.filter((token) => token !== "total"), "total"];
  // Only gauges: counters of things often say unit 1 although they are no ratios.
  if (unit === "1" && kind === "gauge") return [...named.filter((token) => token !== "ratio"), "ratio"];
  return named;
}

/** Adds the unit's words where the name does not have them yet. */
function withUnit(tokens: readonly string[], unit: string): string[] {
  const suffixes = unitSuffixes(unit);
  const escaped = escapeUnit(suffixes.per);
  const per = escaped === "per_" ? "" : escaped.replace(/_$/, "");
  const addPer = per !== "" && !tokens.includes(per);
  const main = escapeUnit(suffixes.main);
  const addMain = main !== "" && !tokens.includes(main);
  return [...tokens, ...(addMain ? [addPer ? main.replace(/_$/, "") : main] : []), ...(addPer ? [per] : [])];
}

/** Any UTF-8 may stand in the name; a suffix that is there already moves to the end. */
function verbatimName({ name, unit, kind }: NamedMetric, suffixes: boolean, namespace: string): string {
  const whole = namespace === "" ? name : `${namespace}_${name}`;
  if (!suffixes) return whole;
  const { main, per } = unitSuffixes(unit);
  const last = kind === "counter" ? "total" : unit === "1" && kind === "gauge" ? "ratio" : "";
  const bare = withoutSuffix(withoutSuffix(whole, last), per);
  const named = main === "" || bare.endsWith(main) ? bare : `${bare}_${main}`;
  return [named, per, last].filter((part) => part !== "").join("_");
}

/** Also takes the delimiter before the suffix, whatever it is. */
function withoutSuffix(name: string, suffix: string): string {
  const kept = name.length - suffix.length - 1;
  return suffix !== "" && kept > 0 && name.endsWith(suffix) ? name.slice(0, kept) : name;
}
