/** The keys that both Prometheus exporters share: how names and labels are made, and what of a resource becomes labels. */
import { field, flag, group, list, map, optional, type Place, text, type ValuesOf } from "@rondo/core";
import {
  isIdentity,
  labelName,
  TRANSLATION_STRATEGIES,
  type TranslationStrategy,
  type TranslatorOptions,
} from "@rondo/prometheus";
import type { Labels } from "@rondo/promql";
import { matchesPattern } from "./wildcard.ts";

const PATTERNS = "with * for any letters, such as k8s.pod.*";

/** Fields of the translation. */
export const translationFields = {
  namespace: text("Put before the name of every series, with an underscore.", ""),
  add_metric_suffixes: flag(
    "Whether units and types become suffixes. Ignored where translation_strategy is set.",
    true,
  ),
  translation_strategy: optional(
    field<TranslationStrategy>(
      TRANSLATION_STRATEGIES.join(" | "),
      "How names of OTLP become names of Prometheus.",
      (raw, place) => {
        const found = TRANSLATION_STRATEGIES.find((one) => one === raw);
        if (found === undefined) place.problem(`must be one of ${TRANSLATION_STRATEGIES.join(", ")}`);
        return found;
      },
    ),
  ),
  resource_constant_labels: optional(
    group("Attributes of a resource that all its series carry as labels.", {
      included: list(`Their keys, ${PATTERNS}.`, text("A key or pattern."), []),
      excluded: list(
        `Keys that are left out although they are included, ${PATTERNS}. Alone, it includes all others.`,
        text("A key or pattern."),
        [],
      ),
    }),
  ),
  resource_to_telemetry_conversion: group(
    "The old way to write resource_constant_labels, which is used when both are there.",
    {
      enabled: flag("Let every series carry all attributes of its resource.", false),
      exclude_service_attributes: flag("But not those which job and instance are made of.", false),
    },
  ),
};

/** What the fields parse to. */
export type TranslationValues = ValuesOf<typeof translationFields>;

/** What these keys mean to a translator. */
export function translationOf(values: TranslationValues): TranslatorOptions {
  // The old switch knows only the two strategies that escape.
  const bare = values.add_metric_suffixes ? "UnderscoreEscapingWithSuffixes" : "UnderscoreEscapingWithoutSuffixes";
  const resourceLabels = carriedKeys(values);
  return {
    namespace: values.namespace,
    strategy: values.translation_strategy ?? bare,
    ...(resourceLabels && { resourceLabels }),
  };
}

/**
 * Which keys become labels. `included` without entries is everything that is not excluded, as in the Collector, but two
 * empty lists are nothing at all.
 */
function carriedKeys(values: TranslationValues): ((key: string) => boolean) | undefined {
  const { resource_constant_labels: chosen, resource_to_telemetry_conversion: old } = values;
  if (chosen === null) {
    if (!old.enabled) return undefined;
    return (key) => !(old.exclude_service_attributes && isIdentity(key));
  }
  const { included, excluded } = chosen;
  if (included.length === 0 && excluded.length === 0) return undefined;
  const matches = (patterns: readonly string[], key: string) => patterns.some((one) => matchesPattern(one, key));
  return (key) => (included.length === 0 || matches(included, key)) && !matches(excluded, key);
}

/** Labels that every series carries unless it has one of that name: names as a user writes them, made legal. */
export const fixedLabels = (doc: string) => map(doc, text("A label's value."), new Map<string, string>());

/** The labels of such a map. Names that become the same are one label, whose last value counts. */
export function labelsOf(values: ReadonlyMap<string, string>): Labels {
  const named = [...values].map(([key, value]) => [labelName(key) ?? key, value] as const);
  return [...new Map(named)].filter(([, value]) => value !== "");
}

/** A label without a name is none. */
export function checkLabels(values: ReadonlyMap<string, string>, place: Place): void {
  for (const key of values.keys())
    if (labelName(key) === undefined) place.at(key).problem("is no name of a label; use letters, digits and _");
}
