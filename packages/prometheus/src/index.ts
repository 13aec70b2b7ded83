/** From OTLP metrics to Prometheus: names, labels and series, read from the wire bytes with cursors. */
export { labelName } from "./label-name.ts";
export { isIdentity } from "./resource-labels.ts";
export * from "./series.ts";
export { TRANSLATION_STRATEGIES, type TranslationStrategy } from "./strategy.ts";
export { createTranslator, type Translator, type TranslatorOptions } from "./translator.ts";
