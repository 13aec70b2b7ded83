/** Batches of metrics for tests of the Prometheus exporters. */
import type { Batch } from "@rondo/core";
import { countItems } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";

/** Nanoseconds of a second of the epoch, as OTLP/JSON writes them. */
export const at = (second: number) => `${second}000000000`;

/** OTLP/JSON attributes of texts. */
export function attributes(of: Readonly<Record<string, string>>): object[] {
  return Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

/** A gauge point of second 1 unless told otherwise. */
export function point(value: number, labels: Readonly<Record<string, string>> = {}, second = 1, more: object = {}) {
  return { timeUnixNano: at(second), asDouble: value, attributes: attributes(labels), ...more };
}

/** A gauge. */
export function gauge(name: string, ...dataPoints: readonly object[]) {
  return { name, gauge: { dataPoints } };
}

/** A sum, cumulative and monotonic unless told otherwise. */
export function sum(name: string, dataPoints: readonly object[], more: object = {}) {
  return { name, sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints, ...more } };
}

/** A batch of one resource and scope. */
export function metricsBatch(
  metrics: readonly object[],
  resource: Readonly<Record<string, string>> = {},
  tenant = "default",
): Batch {
  const scopeMetrics = [{ scope: { name: "lib" }, metrics }];
  const request = { resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics }] };
  const body = requestFromJson("metrics", Buffer.from(JSON.stringify(request)));
  return { signal: "metrics", tenant, items: countItems("metrics", body), body };
}

/** A batch of so many points, each a series of its own, with a text in them. */
export function sampleMetrics(items = 3, text = "x"): Batch {
  return metricsBatch(
    Array.from({ length: items }, (_, index) => gauge("sample", point(index, { text, i: `${index}` }))),
  );
}

/** A signal that never fires. */
export const never = () => new AbortController().signal;
