/** The data points of a metric in the Collector's detailed layout. */
import type {
  DecodedAttribute,
  DecodedExemplar,
  DecodedExponentialPoint,
  DecodedMetric,
  DecodedNumberPoint,
  DecodedPointBase,
} from "@rondo/otlp/codec";
import { fixedText, idText, timeText, typedText } from "./text.ts";

/** A heading and a line for each attribute; nothing for none. Lines stand deeper under a heading that is itself an item. */
export function attributeLines(heading: string, attributes: readonly DecodedAttribute[] = []): string[] {
  if (attributes.length === 0) return [];
  const [indent = "", ...rest] = heading.split("->");
  const prefix = rest.length === 0 ? "     ->" : `${indent}     ->`;
  return [`${heading}:`, ...attributes.map(({ key = "", value }) => `${prefix} ${key}: ${typedText(value)}`)];
}

/** AggregationTemporality by number, in Go's words. */
const TEMPORALITIES = ["Unspecified", "Delta", "Cumulative"];

/** The type of a metric, what belongs to it, and its points. */
export function pointLines(metric: DecodedMetric): string[] {
  const { gauge, sum, histogram, exponentialHistogram, summary } = metric;
  if (gauge !== undefined) return [type("Gauge"), ...gauge.dataPoints.flatMap(numberLines)];
  if (sum !== undefined) {
    return [
      type("Sum"),
      `     -> IsMonotonic: ${sum.isMonotonic ?? false}`,
      temporality(sum),
      ...sum.dataPoints.flatMap(numberLines),
    ];
  }
  if (histogram !== undefined) {
    const lines = histogram.dataPoints.flatMap((point, index) => [
      ...startLines("HistogramDataPoints", index, point),
      ...distributionLines(point),
      ...point.explicitBounds.map((bound, at) => `ExplicitBounds #${at}: ${fixedText(bound)}`),
      ...point.bucketCounts.map((count, at) => `Buckets #${at}, Count: ${count}`),
      ...exemplarLines(point.exemplars),
    ]);
    return [type("Histogram"), temporality(histogram), ...lines];
  }
  if (exponentialHistogram !== undefined) {
    const lines = exponentialHistogram.dataPoints.flatMap((point, index) => [
      ...startLines("ExponentialHistogramDataPoints", index, point),
      ...distributionLines(point),
      ...exponentialLines(point),
      ...exemplarLines(point.exemplars),
    ]);
    return [type("ExponentialHistogram"), temporality(exponentialHistogram), ...lines];
  }
  if (summary === undefined) return [type("Empty")];
  const lines = summary.dataPoints.flatMap((point, index) => [
    ...startLines("SummaryDataPoints", index, point),
    `Count: ${point.count ?? 0n}`,
    `Sum: ${fixedText(point.sum)}`,
    ...point.quantileValues.map(
      ({ quantile, value }, at) => `QuantileValue #${at}: Quantile ${fixedText(quantile)}, Value ${fixedText(value)}`,
    ),
  ]);
  return [type("Summary"), ...lines];
}

const type = (name: string): string => `     -> DataType: ${name}`;

function temporality({ aggregationTemporality = 0 }: { readonly aggregationTemporality?: number }): string {
  return `     -> AggregationTemporality: ${TEMPORALITIES[aggregationTemporality] ?? ""}`;
}

function startLines(title: string, index: number, point: DecodedPointBase): string[] {
  return [
    `${title} #${index}`,
    ...attributeLines("Data point attributes", point.attributes),
    `StartTimestamp: ${timeText(point.startTimeUnixNano)}`,
    `Timestamp: ${timeText(point.timeUnixNano)}`,
  ];
}

function numberLines(point: DecodedNumberPoint, index: number): string[] {
  return [
    ...startLines("NumberDataPoints", index, point),
    ...valueLine("Value", point),
    ...exemplarLines(point.exemplars),
  ];
}

/** A point may have no value at all: then it says so by its flags. */
function valueLine(
  name: string,
  { asInt, asDouble }: { readonly asInt?: bigint; readonly asDouble?: number },
): string[] {
  if (asInt !== undefined) return [`${name}: ${asInt}`];
  return asDouble === undefined ? [] : [`${name}: ${fixedText(asDouble)}`];
}

interface Distribution {
  readonly count?: bigint;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

/** An absent sum, minimum or maximum has no line; a count is always there. */
function distributionLines({ count = 0n, sum, min, max }: Distribution): string[] {
  const known = Object.entries({ Sum: sum, Min: min, Max: max }).filter(([, value]) => value !== undefined);
  return [`Count: ${count}`, ...known.map(([name, value]) => `${name}: ${fixedText(value)}`)];
}

/** Buckets from the lowest values to the highest: the negative ones backwards, the zero bucket, the positive ones. */
function exponentialLines({ scale = 0, zeroCount = 0n, negative, positive }: DecodedExponentialPoint): string[] {
  // base^index = 2^(index * 2^-scale), in this order so that large scales keep their digits.
  const factor = Math.LN2 * 2 ** -scale;
  const bound = (index: number) => Math.exp(index * factor);
  const below = (negative?.bucketCounts ?? []).map((count, at) => {
    const index = (negative?.offset ?? 0) + at;
    return `Bucket [${fixedText(-bound(index + 1))}, ${fixedText(-bound(index))}), Count: ${count}`;
  });
  const above = (positive?.bucketCounts ?? []).map((count, at) => {
    const index = (positive?.offset ?? 0) + at;
    return `Bucket (${fixedText(bound(index))}, ${fixedText(bound(index + 1))}], Count: ${count}`;
  });
  return [...below.reverse(), ...(zeroCount === 0n ? [] : [`Bucket [0, 0], Count: ${zeroCount}`]), ...above];
}

/** Exemplars stand behind the point that they are examples of. */
function exemplarLines(exemplars: readonly DecodedExemplar[]): string[] {
  if (exemplars.length === 0) return [];
  const lines = exemplars.flatMap((one, index) => [
    `Exemplar #${index}`,
    `     -> Trace ID: ${idText(one.traceId)}`,
    `     -> Span ID: ${idText(one.spanId)}`,
    `     -> Timestamp: ${timeText(one.timeUnixNano)}`,
    ...valueLine("     -> Value", one),
    ...attributeLines("     -> FilteredAttributes", one.filteredAttributes),
  ]);
  return ["Exemplars:", ...lines];
}
