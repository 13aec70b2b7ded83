/** What a metric says of itself before its points: name, type, unit, and whether Prometheus can have it at all. */
import { type Cursor, METRIC_DATA, type MetricDataField, Wire } from "@rondo/otlp";
import { metricName } from "./metric-name.ts";
import type { Family, RefusalReason, SeriesKind } from "./series.ts";
import { STRATEGIES, type TranslationStrategy } from "./strategy.ts";
import { unitName } from "./unit-name.ts";

/** A metric but for its points. */
export interface MetricHead {
  /** OTLP's name. */
  readonly name: string;
  readonly family: Family;
  /** Why its points have no samples. */
  readonly refusal?: RefusalReason;
  /** The number of a point's `attributes`. */
  readonly attributes: number;
}

/** How names are made. */
export interface Naming {
  readonly namespace: string;
  readonly strategy: TranslationStrategy;
}

/** Metric.name, description and unit. */
const METRIC = { name: 1, description: 2, unit: 3 } as const;

/** Sum.aggregation_temporality and is_monotonic; histograms have the first under the same number. */
const DATA = { temporality: 2, monotonic: 3 } as const;

/** AGGREGATION_TEMPORALITY_CUMULATIVE. Unspecified is 0 and as little good as delta: nobody knows what its values mean. */
const CUMULATIVE = 2;

/** What the data message of a metric says beside its points, squeezed into a number that is part of the metric's key. */
export function temporalityOf(data: Cursor): number {
  let temporality = 0;
  let monotonic = 0;
  while (data.next()) {
    if (data.is(DATA.temporality, Wire.varint)) temporality = data.number();
    else if (data.is(DATA.monotonic, Wire.varint)) monotonic = data.number() === 0 ? 0 : 1;
  }
  return temporality * 2 + monotonic;
}

/** Reads a Metric message. `data` is the number of its data field, `temporality` what `temporalityOf` made of it. */
export function metricHead(metric: Cursor, data: MetricDataField, temporality: number, naming: Naming): MetricHead {
  let name = "";
  let description = "";
  let unit = "";
  while (metric.next()) {
    if (metric.is(METRIC.name, Wire.bytes)) name = metric.text();
    else if (metric.is(METRIC.description, Wire.bytes)) description = metric.text();
    else if (metric.is(METRIC.unit, Wire.bytes)) unit = metric.text();
  }
  const { strategy, namespace } = naming;
  const monotonic = temporality % 2 === 1;
  const type = METRIC_DATA[data].name;
  const named = metricName({ name, unit, kind: namedKind(type, monotonic) }, strategy, namespace);
  const cumulative = type === "gauge" || type === "summary" || Math.floor(temporality / 2) === CUMULATIVE;
  const refusal: RefusalReason | undefined =
    type === "exponentialHistogram"
      ? "exponential_histogram"
      : !cumulative
        ? "delta_temporality"
        : named === undefined
          ? "no_name"
          : undefined;
  return {
    name,
    family: {
      name: named ?? "",
      kind: KINDS[type](monotonic),
      unit: unitName(unit, STRATEGIES[strategy].escape),
      help: description,
    },
    attributes: METRIC_DATA[data].attributes,
    ...(refusal && { refusal }),
  };
}

type DataName = (typeof METRIC_DATA)[MetricDataField]["name"];

/** A sum that may fall is a gauge in Prometheus, though it has no `_ratio`. */
const KINDS: Readonly<Record<DataName, (monotonic: boolean) => SeriesKind>> = {
  gauge: () => "gauge",
  sum: (monotonic) => (monotonic ? "counter" : "gauge"),
  histogram: () => "histogram",
  exponentialHistogram: () => "histogram",
  summary: () => "summary",
};

/** What decides over suffixes: of sums only those that cannot fall are totals, and only gauges are ratios. */
function namedKind(type: DataName, monotonic: boolean): "counter" | "gauge" | "other" {
  if (type === "gauge") return "gauge";
  return type === "sum" && monotonic ? "counter" : "other";
}
