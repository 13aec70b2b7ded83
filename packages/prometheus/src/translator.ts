/** OTLP metrics to Prometheus series, straight from the wire bytes. */
import type { Labels } from "@rondo/promql";
import type { TranslationStrategy } from "./naming.ts";
import type { SeriesReader, Translation } from "./series.ts";

/** How names and labels are made. What is absent has the Collector's default. */
export interface TranslatorOptions {
  /** Put before every name with a `_`; none by default. */
  readonly namespace?: string;
  /** `UnderscoreEscapingWithSuffixes` by default. */
  readonly strategy?: TranslationStrategy;
  /** Added to every series that has no label of that name. Names are taken as they are. */
  readonly externalLabels?: Labels;
  /** Whether each resource is a `target_info` series as well; true by default. */
  readonly targetInfo?: boolean;
  /** Whether series carry their instrumentation scope as `otel_scope_*`; true by default. */
  readonly scopeInfo?: boolean;
  /** Whether series carry all attributes of their resource; false by default. */
  readonly resourceLabels?: boolean;
  /** Most series remembered at a time; twice as many may be held while one generation takes over from another. */
  readonly seriesLimit?: number;
}

/** Turns requests into samples, and remembers the series that it has met. One for each reader; it is not reentrant. */
export interface Translator {
  /** Gives the samples of an ExportMetricsServiceRequest to `reader`, in order. Throws WireError on malformed frames. */
  translate(body: Uint8Array, reader: SeriesReader): Translation;
}

/** Makes a translator that has met nothing. */
export function createTranslator(_options: TranslatorOptions = {}): Translator {
  return { translate: () => ({ points: 0, samples: 0, refusals: [] }) };
}
