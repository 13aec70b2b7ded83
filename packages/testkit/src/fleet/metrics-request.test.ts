import { decodeRequest } from "@rondo/otlp/codec";
import { expect, test } from "vitest";
import { bytesOf } from "./fleet-request.ts";
import { metricsRequest } from "./metrics-request.ts";
import { plainSeries } from "./plain-series.ts";
import type { Sending } from "./sampled.ts";
import type { Metric, Sender, Source } from "./source.ts";

const life = { from: 1000, until: 9000 };
const metric = (over: Partial<Metric>): Metric => ({
  name: "a.b",
  prometheus: "a_b",
  kind: "gauge",
  attributes: {},
  value: () => 0,
  ...over,
});
const source: Source = { service: "s", instance: "i", resource: { zone: "z" }, lives: [life], lagMs: 0, metrics: [] };
const sender: Sender = { name: "x", via: "http", encoding: "gzip", phaseMs: 0, sources: [source] };
const readings = [
  { metric: metric({}), value: 1.5 },
  {
    metric: metric({ name: "n", prometheus: "n_total", kind: "counter", unit: "By", attributes: { k: "1" } }),
    value: 3,
  },
  {
    metric: metric({ name: "n", prometheus: "n_total", kind: "counter", unit: "By", attributes: { k: "2" } }),
    value: 4,
  },
];
const sending: Sending = { sender, ms: 4000, sources: [{ source, life, ms: 3000, readings }] };
const time = { startMs: 10_000, speed: 2 };

test("a sending is a resource for each source, a metric for each name, a point for each series", () => {
  const request = metricsRequest(sending, time);
  expect(request).toMatchObject({ t: 2, via: "http", encoding: "gzip", signal: "metrics" });
  const times = { startTimeUnixNano: 10_500_000_000n, timeUnixNano: 11_500_000_000n };
  const [one] = decodeRequest("metrics", request.body).resourceMetrics;
  expect(one?.resource?.attributes.map(({ key, value }) => [key, value?.stringValue])).toEqual([
    ["service.name", "s"],
    ["service.instance.id", "i"],
    ["zone", "z"],
  ]);
  expect(one?.scopeMetrics).toHaveLength(1);
  expect(one?.scopeMetrics[0]?.scope).toBeUndefined();
  expect(one?.scopeMetrics[0]?.metrics).toMatchObject([
    { name: "a.b", gauge: { dataPoints: [{ ...times, asDouble: 1.5 }] } },
    {
      name: "n",
      unit: "By",
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [
          { ...times, asInt: 3n, attributes: [{ key: "k", value: { stringValue: "1" } }] },
          { ...times, asInt: 4n, attributes: [{ key: "k", value: { stringValue: "2" } }] },
        ],
      },
    },
  ]);
});

test("its series are those of Prometheus: job, instance and the point's attributes", () => {
  const later = { ...sending, sources: sending.sources.map((one) => ({ ...one, ms: 5000 })) };
  const who = { job: "s", instance: "i" };
  const times = [11_500, 12_500];
  expect(plainSeries([sending, later], time)).toEqual([
    { name: "a_b", labels: who, times, values: [1.5, 1.5] },
    { name: "n_total", labels: { ...who, k: "1" }, times, values: [3, 3] },
    { name: "n_total", labels: { ...who, k: "2" }, times, values: [4, 4] },
  ]);
});

test("requests of other signals are encoded alike", () => {
  const body = bytesOf("logs", { resourceLogs: [{ scopeLogs: [] }] });
  expect(decodeRequest("logs", body).resourceLogs).toHaveLength(1);
});
