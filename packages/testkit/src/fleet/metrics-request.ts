/** A sending as an OTLP metrics request: a resource for each source, its metrics with the points of their series. */
import type { DecodedMetric, DecodedNumberPoint } from "@rondo/otlp/codec";
import { type EventTime, lasting, nanosAt } from "./event-time.ts";
import { bytesOf, type FleetRequest, textAttributes } from "./fleet-request.ts";
import type { Reading, Sending, SourceReading } from "./sampled.ts";
import type { Life, Source } from "./source.ts";

/** AggregationTemporality: what a point of a sum counts from the start of its process. */
const CUMULATIVE = 2;

/** The request of one sending. */
export function metricsRequest({ sender, ms, sources }: Sending, time: EventTime): FleetRequest {
  const { via, encoding } = sender;
  const body = bytesOf("metrics", { resourceMetrics: sources.map((one) => resourceMetrics(one, time)) });
  return { t: lasting(time, ms) / 1000, via, encoding, signal: "metrics", body };
}

/** The resource of a source; its identity comes first, as SDKs write it. */
export function resourceOf({ service, instance, resource }: Pick<Source, "service" | "instance" | "resource">) {
  const attributes = textAttributes({ "service.name": service, "service.instance.id": instance, ...resource });
  return { attributes, entityRefs: [] };
}

/** No scope is named: translated, it would become labels, which the rules' one-to-one matches do not expect. */
function resourceMetrics({ source, life, ms, readings }: SourceReading, time: EventTime) {
  return {
    resource: resourceOf(source),
    scopeMetrics: [{ metrics: metricsOf(readings, (reading) => pointOf(reading, ms, life, time)) }],
  };
}

/** Series of one name and kind are points of one metric. */
function metricsOf(
  readings: readonly Reading[],
  point: (reading: Reading) => DecodedNumberPoint,
): readonly DecodedMetric[] {
  const byName = Map.groupBy(readings, ({ metric }) => metric.name);
  return [...byName.values()].flatMap((group): readonly DecodedMetric[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { name, kind, unit } = first.metric;
    const named = { name, ...(unit !== undefined && { unit }), metadata: [] };
    const dataPoints = group.map(point);
    if (kind === "gauge") return [{ ...named, gauge: { dataPoints } }];
    return [{ ...named, sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }];
  });
}

function pointOf({ metric, value }: Reading, ms: number, life: Life, time: EventTime): DecodedNumberPoint {
  return {
    attributes: textAttributes(metric.attributes),
    startTimeUnixNano: nanosAt(time, life.from),
    timeUnixNano: nanosAt(time, ms),
    exemplars: [],
    ...(metric.kind === "counter" ? { asInt: BigInt(value) } : { asDouble: value }),
  };
}
