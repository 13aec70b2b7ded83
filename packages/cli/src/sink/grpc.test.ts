import { status } from "@grpc/grpc-js";
import { decodeStatus, EXPORT_METHODS } from "@rondo/otlp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { call, encode, known, logs, openSink } from "./sink.cases.ts";
import type { Sink } from "./sink.ts";

let sink: Sink;
beforeEach(async () => {
  sink = await openSink();
});
afterEach(() => sink.close());

const holdings = () => sink.listener("otlp/a").holdings;
const behave = (behaviour: Parameters<ReturnType<Sink["listener"]>["behaviour"]["set"]>[0]) =>
  sink.listener("otlp/a").behaviour.set(behaviour);

test("plain and gzip, for every signal", async () => {
  const spans = [{ traceId: "01".repeat(16), spanId: "02".repeat(8) }];
  const traces = encode("traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const point = { gauge: { dataPoints: [{ asInt: 1 }] } };
  const metrics = encode("metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics: [point] }] }] });
  expect(await call(sink, logs(1, 2))).toBeNull();
  expect(await call(sink, logs(3), { gzip: true })).toBeNull();
  expect(await call(sink, traces, { path: EXPORT_METHODS.traces })).toBeNull();
  expect(await call(sink, metrics, { path: EXPORT_METHODS.metrics })).toBeNull();
  expect(holdings().count("logs").ids).toBe(3);
  expect(holdings().count("metrics").ids).toBe(1);
  expect(
    holdings()
      .held("traces")
      .map(({ id }) => id),
  ).toEqual([`${"01".repeat(16)}:${"02".repeat(8)}`]);
});

test("a request of several megabytes", async () => {
  const body = { stringValue: "x".repeat(8 << 20) };
  const big = encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body }] }] }] });
  expect(await call(sink, big)).toBeNull();
});

test("what is no request is refused with a code, and the sink lives", async () => {
  expect((await call(sink, Buffer.from("garbage")))?.code).toBe(status.INVALID_ARGUMENT);
  expect((await call(sink, logs(1), { path: "/no.such.Service/Export" }))?.code).toBe(status.UNIMPLEMENTED);
  expect(holdings().count("logs").requests).toBe(0);
  expect(await call(sink, logs(1))).toBeNull();
});

test("the pause of a refusal travels as RetryInfo", async () => {
  await behave({ mode: "status", status: 429, retryAfterMs: 1500 });
  const error = await call(sink, logs(1));
  expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: "this sink was told to answer 429" });
  const [details] = error?.metadata.get("grpc-status-details-bin") ?? [];
  expect(decodeStatus(Buffer.from(known(details))).retryDelayMs).toBe(1500);
});

test("told to hang, there is no answer; told to lose, the connection ends without one", async () => {
  await behave({ mode: "hang" });
  expect((await call(sink, logs(1), { timeoutMs: 200 }))?.code).toBe(status.DEADLINE_EXCEEDED);
  expect(holdings().count("logs").requests).toBe(0);
  await behave({ mode: "lose" });
  expect((await call(sink, logs(1)))?.code).toBe(status.UNAVAILABLE);
  expect(holdings().count("logs").items).toBe(1);
});
