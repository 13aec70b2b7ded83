/** Random metrics as OTLP/JSON: every kind of data, names and labels that collide, points that end series or contradict themselves. */
import fc from "fast-check";
import { attributes, metricsRequest, type RequestOf } from "./translated.cases.ts";

const keys = fc.constantFrom("a", "a.b", "a-b", "job", "le", "", "service.name", "__name__", "ключ");
const texts = fc.constantFrom("", "x", "y", "Ünïcode €");
const labels = fc.dictionary(keys, texts, { maxKeys: 3 });
const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, 1e300));
const times = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String);
const common = { attributes: labels.map(attributes), timeUnixNano: times, flags: fc.constantFrom(0, 0, 1) };

const exemplars = fc.array(fc.record({ timeUnixNano: times, asDouble: numbers }), { maxLength: 2 });
const numberPoint = fc.oneof(
  fc.record({ ...common, exemplars, asDouble: numbers }),
  fc.record({ ...common, asInt: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(String) }),
  fc.record(common),
);
const counts = fc.array(fc.nat(9).map(String), { maxLength: 4 });
const histogramPoint = fc
  .record({ ...common, exemplars, bucketCounts: counts, sum: numbers, bounds: fc.nat(4) })
  .map(({ bounds, sum, ...point }) => ({
    ...point,
    ...(sum > 0 && { sum }),
    count: "9",
    explicitBounds: Array.from({ length: bounds }, (_, index) => index / 4),
  }));
const quantileValues = fc.array(fc.record({ quantile: fc.constantFrom(0, 0.5, 1), value: numbers }), { maxLength: 2 });
const summaryPoint = fc.record({ ...common, count: fc.nat().map(String), sum: numbers, quantileValues });

const points = <T>(point: fc.Arbitrary<T>) => fc.array(point, { maxLength: 4 });
const temporality = fc.constantFrom(2, 2, 2, 1, 0);
const kinds = [
  fc.record({ gauge: fc.record({ dataPoints: points(numberPoint) }) }),
  fc.record({
    sum: fc.record({ dataPoints: points(numberPoint), aggregationTemporality: temporality, isMonotonic: fc.boolean() }),
  }),
  fc.record({ histogram: fc.record({ dataPoints: points(histogramPoint), aggregationTemporality: temporality }) }),
  fc.record({ exponentialHistogram: fc.record({ dataPoints: points(fc.record(common)) }) }),
  fc.record({ summary: fc.record({ dataPoints: points(summaryPoint) }) }),
];
const metric = fc
  .tuple(fc.constantFrom("x", "y.z", "", "日本"), fc.constantFrom("", "s", "1"), fc.oneof(...kinds))
  .map(([name, unit, data]) => ({ name, unit, ...data }));

const resource: fc.Arbitrary<RequestOf> = fc.record({
  resource: fc.dictionary(fc.constantFrom("service.name", "service.instance.id", "zone", "a"), texts),
  scope: fc.record({ name: texts, attributes: labels.map(attributes) }),
  schemaUrl: texts,
  metrics: fc.array(metric, { maxLength: 4 }),
});

/** Wire bytes of requests of up to three resources. */
export const randomMetrics: fc.Arbitrary<Uint8Array> = fc
  .array(resource, { maxLength: 3 })
  .map((resources) => metricsRequest(...resources));
