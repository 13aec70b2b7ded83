/** From OTLP metrics to Prometheus: names, labels and series, read from the wire bytes with cursors. */
export { TRANSLATION_STRATEGIES, type TranslationStrategy } from "./naming.ts";
export * from "./series.ts";
export { createTranslator, type Translator, type TranslatorOptions } from "./translator.ts";
