/** Prometheus label names of OTLP attributes, as the Collector's translators make them by default. */
import { STRATEGIES, type TranslationStrategy } from "./strategy.ts";

/**
 * The label of an attribute key; undefined when nothing of it is left. Runs of what a label cannot have become one underscore;
 * reserved names (`__x__`) keep theirs; a leading digit or underscore gets `key` in front.
 */
export function labelName(
  key: string,
  strategy: TranslationStrategy = "UnderscoreEscapingWithSuffixes",
): string | undefined {
  if (key === "") return undefined;
  if (!STRATEGIES[strategy].escape) return key;
  const reserved = key.length >= 4 && key.startsWith("__") && key.endsWith("__");
  const inner = (reserved ? key.slice(2, -2) : key).replace(/[^A-Za-z0-9]+/g, "_");
  const name = reserved ? `__${inner}__` : inner;
  const legal = /^[0-9]/.test(name) ? `key_${name}` : /^_(?!_)/.test(name) ? `key${name}` : name;
  if (legal === key) return legal;
  return /^_*$/.test(legal) ? undefined : legal;
}
