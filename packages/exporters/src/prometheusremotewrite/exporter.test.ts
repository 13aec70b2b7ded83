import { RETURNED } from "@rondo/core";
import { exporterContract, makeExporter, type StubBackend, stubHttp } from "@rondo/testkit/exporter-contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { gauge, metricsBatch, never, point, sampleMetrics, sum } from "../metrics.cases.ts";
import { prometheusRemoteWrite } from "./exporter.ts";
import { sentLines } from "./written.cases.ts";

for (const protobuf_message of ["prometheus.WriteRequest"])
  exporterContract({
    type: prometheusRemoteWrite,
    backend: stubHttp,
    config: (port) => ({ endpoint: `http://127.0.0.1:${port}/api/v1/write`, protobuf_message }),
    translated: sampleMetrics,
  });

let stub: StubBackend;
beforeEach(async () => {
  stub = await stubHttp();
});
afterEach(() => stub.stop());

const V2 = "io.prometheus.write.v2.Request";
const BACKEND = { "service.name": "backend", "service.instance.id": "b-0", zone: "eu" };

function make(config: object = {}) {
  return makeExporter(
    prometheusRemoteWrite,
    { endpoint: `http://127.0.0.1:${stub.port}/api/v1/write`, ...config },
    "metrics",
  );
}

async function send(config: object, batch = sampleMetrics()) {
  const exporter = make(config);
  const verdict = await exporter.deliver(batch, never());
  await exporter.close();
  return verdict;
}

const lines = () => stub.received.flatMap(({ body }) => sentLines(body));

test("answers to both of its names and has the Collector's defaults", () => {
  expect([prometheusRemoteWrite.type, prometheusRemoteWrite.aliases]).toEqual([
    "prometheusremotewrite",
    ["prometheus_remote_write"],
  ]);
  expect(make()).toMatchObject({ timeoutMs: 5_000, retry: { initialMs: 50, maxMs: 30_000 } });
});

test("version 1: one snappy block, announced as such", async () => {
  const batch = metricsBatch([gauge("x", point(1, { a: "b" }))], BACKEND);
  expect(await send({ external_labels: { region: "r" } }, batch)).toEqual(RETURNED);
  expect(stub.received[0]?.headers).toMatchObject({
    ":path": "/api/v1/write",
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "0.1.0",
    "user-agent": "rondo",
  });
  expect(lines()).toEqual([
    "__name__=x,a=b,instance=b-0,job=backend,otel_scope_name=lib,region=r 1 @1000",
    "__name__=target_info,instance=b-0,job=backend,region=r,zone=eu 1 @1000",
  ]);
});

test("version 2 is announced, and a backend that does not count what it wrote does not speak it", async () => {
  const batch = metricsBatch([gauge("x", point(1))]);
  expect(await send({ protobuf_message: V2, disable_scope_info: true }, batch)).toMatchObject({
    kind: "retry",
    fault: { code: "config", message: expect.stringContaining("set protobuf_message: prometheus.WriteRequest") },
  });
  expect(stub.received[0]?.headers).toMatchObject({
    "content-type": `application/x-protobuf;proto=${V2}`,
    "x-prometheus-remote-write-version": "2.0.0",
  });
  expect(lines()).toEqual(["__name__=x 1 @1000", "TYPE 2  "]);
});

test("names, labels and metadata are as configured", async () => {
  const batch = metricsBatch([{ ...sum("x.y", [point(2)]), unit: "s", description: "How long." }], BACKEND);
  await send({ namespace: "fl", send_metadata: true, target_info: { enabled: false } }, batch);
  expect(lines()).toEqual([
    "__name__=fl_x_y_seconds_total,instance=b-0,job=backend,otel_scope_name=lib 2 @1000",
    "TYPE 1 fl_x_y_seconds_total How long. seconds",
  ]);
});

test("what Prometheus cannot have is dropped by name, and the rest is sent", async () => {
  const batch = metricsBatch([
    sum("delta", [point(1)], { aggregationTemporality: 1 }),
    { name: "e", exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{}] } },
    gauge("good", point(1)),
  ]);
  expect(await send({}, batch)).toEqual({
    kind: "settled",
    drops: [
      { reason: "delta_temporality", items: 1, detail: "delta_temporality: delta" },
      { reason: "unsupported", items: 1, detail: "exponential_histogram: e" },
    ],
  });
  expect(lines().length).toBe(1);
});

test("a second value of a series at one time is dropped here, before the backend refuses everything for it", async () => {
  const batch = metricsBatch([gauge("x", point(1), point(2), point(1, {}, 2))]);
  expect(await send({ disable_scope_info: true }, batch)).toEqual({
    kind: "settled",
    drops: [{ reason: "duplicate_sample", items: 1 }],
  });
  expect(lines()).toEqual(["__name__=x 1 @1000", "__name__=x 1 @2000"]);
});

test.each([
  [204, "settled"],
  [307, "retry"],
  [400, "settled"],
  [401, "retry"],
  [404, "retry"],
  [408, "retry"],
  [429, "retry"],
  [500, "retry"],
  [503, "retry"],
])("status %d is %s", async (code, kind) => {
  stub.behave({ kind: "status", code, message: "" });
  expect(await send({})).toMatchObject({ kind });
});

test("bytes that are no OTLP are dropped, whole", async () => {
  const broken = { ...sampleMetrics(2), body: Uint8Array.of(0x0a, 0xff) };
  expect(await send({}, broken)).toMatchObject({ kind: "settled", drops: [{ reason: "invalid_item", items: 2 }] });
  expect(stub.received).toEqual([]);
});

test("a tenant goes out under its own name", async () => {
  await send({}, { ...sampleMetrics(), tenant: "hospital-1" });
  expect(stub.received[0]?.headers["x-scope-orgid"]).toBe("hospital-1");
});
