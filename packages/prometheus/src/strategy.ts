/** How OTLP names become Prometheus names: the four strategies of `translation_strategy`, as otlptranslator knows them. */

/** What each strategy does. */
export const STRATEGIES = {
  UnderscoreEscapingWithSuffixes: { escape: true, suffixes: true },
  UnderscoreEscapingWithoutSuffixes: { escape: true, suffixes: false },
  NoUTF8EscapingWithSuffixes: { escape: false, suffixes: true },
  NoTranslation: { escape: false, suffixes: false },
} as const;

/** One of the strategies above. */
export type TranslationStrategy = keyof typeof STRATEGIES;

/** Their names, for the configuration. */
export const TRANSLATION_STRATEGIES = [
  "UnderscoreEscapingWithSuffixes",
  "UnderscoreEscapingWithoutSuffixes",
  "NoUTF8EscapingWithSuffixes",
  "NoTranslation",
] as const satisfies readonly TranslationStrategy[];

/** The strategy when none is named. */
export const DEFAULT_STRATEGY: TranslationStrategy = "UnderscoreEscapingWithSuffixes";
