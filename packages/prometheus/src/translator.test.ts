import { WireError } from "@rondo/otlp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomMetrics } from "./random-metrics.cases.ts";
import {
  attributes,
  gauge,
  LineReader,
  metricsRequest,
  recordedMetrics,
  SECOND,
  translated,
} from "./translated.cases.ts";
import { createTranslator } from "./translator.ts";

const RESOURCE = { "service.namespace": "fl", "service.name": "backend", "service.instance.id": "b-0", zone: "eu" };

test("a gauge becomes a sample with the identity of its resource and its scope, and target_info says the rest", () => {
  const body = metricsRequest({
    resource: RESOURCE,
    scope: { name: "lib", version: "1.2", attributes: attributes({ flavour: "sour" }) },
    schemaUrl: "https://schema",
    metrics: [gauge("queue.length", 3, { "queue.name": "a" })],
  });
  const scope =
    'otel_scope_flavour="sour",otel_scope_name="lib",otel_scope_schema_url="https://schema",otel_scope_version="1.2"';
  const { lines, translation } = translated(body, { scopeSchema: true });
  expect(lines).toEqual([
    `queue_length{instance="b-0",job="fl/backend",${scope},queue_name="a"} 3 @1000`,
    'target_info{instance="b-0",job="fl/backend",zone="eu"} 1 @1000',
  ]);
  expect(translation).toEqual({ points: 1, samples: 2, refusals: [] });
  expect(translated(body, { scopeInfo: false, targetInfo: false }).lines).toEqual([
    'queue_length{instance="b-0",job="fl/backend",queue_name="a"} 3 @1000',
  ]);
});

test("job and instance override attributes; external labels only fill gaps; a namespace stands in front", () => {
  const metrics = [gauge("x", 1, { job: "mine", instance: "mine", cluster: "c1" })];
  const body = metricsRequest({ resource: RESOURCE, metrics });
  const externalLabels = [["cluster", "c0"] as const, ["region", "r"] as const];
  expect(translated(body, { externalLabels, namespace: "fl" }).lines).toEqual([
    'fl_x{cluster="c1",instance="b-0",job="fl/backend",region="r"} 1 @1000',
    'fl_target_info{cluster="c0",instance="b-0",job="fl/backend",region="r",zone="eu"} 1 @1000',
  ]);
});

test("a resource without identity, or with nothing else, has no target_info", () => {
  const metrics = [gauge("x", 1)];
  expect(translated(metricsRequest({ resource: { zone: "eu" }, metrics })).lines).toEqual(["x 1 @1000"]);
  expect(translated(metricsRequest({ resource: { "service.name": "a" }, metrics })).lines).toEqual([
    'x{job="a"} 1 @1000',
  ]);
});

test("attributes of the resource become labels where that is asked for, over those of the point", () => {
  const body = metricsRequest({ resource: RESOURCE, metrics: [gauge("x", 1, { zone: "us", a: "b" })] });
  const resourceLabels = (key: string) => key === "zone";
  expect(translated(body, { resourceLabels, targetInfo: false }).lines).toEqual([
    'x{a="b",instance="b-0",job="fl/backend",zone="eu"} 1 @1000',
  ]);
});

test("keys that become the same label are joined in the order of the keys, and empty values are no labels", () => {
  const body = metricsRequest({ metrics: [gauge("x", 1, { "a.b": "2", "a-b": "1", e: "" })] });
  expect(translated(body).lines).toEqual(['x{a_b="1;2"} 1 @1000']);
});

test("target_info comes once for each resource of a request, at its newest point", () => {
  const late = gauge("y", 2, {}, { timeUnixNano: "3000000000" });
  const body = metricsRequest(
    { resource: RESOURCE, metrics: [late] },
    { resource: RESOURCE, metrics: [gauge("x", 1)] },
  );
  expect(translated(body).lines.filter((line) => line.startsWith("target_info"))).toEqual([
    'target_info{instance="b-0",job="fl/backend",zone="eu"} 1 @3000',
  ]);
});

test("what Prometheus cannot have is refused metric by metric, by name, and the rest is kept", () => {
  const point = { timeUnixNano: SECOND, asInt: "1" };
  const { lines, translation } = translated(
    metricsRequest({
      metrics: [
        { name: "d", sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point, point] } },
        { name: "u", sum: { dataPoints: [point] } },
        { name: "e", exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: SECOND }] } },
        { name: "日本", gauge: { dataPoints: [point] } },
        { name: "empty", gauge: { dataPoints: [{ timeUnixNano: SECOND }] } },
        { name: "good", sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } },
      ],
    }),
  );
  expect(lines).toEqual(["good_total 1 @1000"]);
  expect(translation).toEqual({
    points: 7,
    samples: 1,
    refusals: [
      { reason: "delta_temporality", points: 3, metric: "d" },
      { reason: "exponential_histogram", points: 1, metric: "e" },
      { reason: "no_name", points: 1, metric: "日本" },
      { reason: "invalid_point", points: 1, metric: "empty" },
    ],
  });
});

test("the same series is the same object, however its attributes are ordered, until it is forgotten", () => {
  const translator = createTranslator({ seriesLimit: 12 });
  const seriesOf = (labels: Readonly<Record<string, string>>) =>
    translated(metricsRequest({ metrics: [gauge("x", 1, labels)] }), translator).series[0];
  const first = seriesOf({ a: "1", b: "2" });
  expect(seriesOf({ b: "2", a: "1" })).toBe(first);
  // Seen again in the generation after its own: still the same.
  for (let i = 0; i < 4; i++) seriesOf({ a: `other ${i}` });
  expect(seriesOf({ a: "1", b: "2" })).toBe(first);
  for (let i = 0; i < 40; i++) seriesOf({ a: `other ${i}` });
  expect(seriesOf({ a: "1", b: "2" })).not.toBe(first);
});

test("a series has the family of its metric, with type, unit and help", () => {
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ timeUnixNano: SECOND, asInt: "1" }] };
  const body = metricsRequest({ metrics: [{ name: "time", unit: "s", description: "How long.", sum }] });
  expect(translated(body).series[0]?.family).toEqual({
    name: "time_seconds_total",
    kind: "counter",
    unit: "seconds",
    help: "How long.",
  });
});

test("a metric is another one when its description, unit, type or temporality is, whatever the order on the wire", () => {
  const translator = createTranslator();
  const one = { timeUnixNano: SECOND, asInt: "1" };
  const names = [
    { name: "x", gauge: { dataPoints: [one] } },
    { name: "x", unit: "s", gauge: { dataPoints: [one] } },
    { name: "x", sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [one] } },
    { name: "x", sum: { aggregationTemporality: 2, dataPoints: [one] } },
  ].map((metric) => translated(metricsRequest({ metrics: [metric] }), translator).series[0]?.family.name);
  expect(names).toEqual(["x", "x_seconds", "x_total", "x"]);
});

test("malformed bytes are a WireError that names the place", () => {
  expect(() => createTranslator().translate(Uint8Array.of(0x0a, 0x05, 0x12), new LineReader())).toThrow(WireError);
});

test("every point of any request is read or refused, and another look finds the same series", () => {
  fc.assert(
    fc.property(randomMetrics, (body) => {
      const translator = createTranslator();
      const first = translated(body, translator);
      const { points, samples, refusals } = first.translation;
      expect(first.points + refusals.reduce((sum, refusal) => sum + refusal.points, 0)).toBe(points);
      expect(first.lines.length).toBe(samples);
      // A point that ends a histogram ends the buckets that were there before it, so the first look may give fewer.
      const second = translated(body, translator);
      const third = translated(body, translator);
      expect(third.lines).toEqual(second.lines);
      expect(third.series.every((series, index) => series === second.series[index])).toBe(true);
      expect(translated(body, createTranslator()).lines).toEqual(first.lines);
    }),
  );
});

test("the recorded run becomes what its dashboards ask for", () => {
  const translator = createTranslator({ scopeInfo: false });
  const last = new Map<string, string>();
  let points = 0;
  for (const body of recordedMetrics()) {
    const { lines, translation } = translated(body, translator);
    points += translation.points;
    expect(translation.refusals).toEqual([]);
    for (const line of lines) {
      const [series = "", value = ""] = line.split(/ (?=[^ ]+ @\d+$)/);
      last.set(series, value);
    }
  }
  expect(points).toBe(151);
  expect(last.get('training_accuracy{instance="superlink-0",job="fl-server",job_id="job-1"}')).toMatch(/^0\.9515/);
});
