/** Prometheus names of OTLP metrics and labels, as github.com/prometheus/otlptranslator makes them. */

/** How OTLP names become Prometheus names, in the words of `translation_strategy`. */
export const TRANSLATION_STRATEGIES = [
  "UnderscoreEscapingWithSuffixes",
  "UnderscoreEscapingWithoutSuffixes",
  "NoUTF8EscapingWithSuffixes",
  "NoTranslation",
] as const;

/** One of the strategies above. */
export type TranslationStrategy = (typeof TRANSLATION_STRATEGIES)[number];
