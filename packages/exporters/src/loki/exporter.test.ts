import { exporterContract, makeExporter, sampleBatch, stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, test } from "vitest";
import { check, fields } from "./config.ts";
import { loki } from "./exporter.ts";

exporterContract({
  type: loki,
  backend: stubHttp,
  config: (port) => ({ endpoint: `http://127.0.0.1:${port}` }),
});

const never = () => new AbortController().signal;

/** What a Loki gets of one batch: its headers, with `:path`. */
async function sent(config: object, tenant: string) {
  const stub = await stubHttp();
  const exporter = makeExporter(loki, { endpoint: `http://127.0.0.1:${stub.port}`, ...config }, "logs");
  await exporter.deliver({ ...sampleBatch("logs"), tenant }, never());
  await exporter.close();
  await stub.stop();
  return stub.received[0]?.headers ?? {};
}

test("logs go to Loki's OTLP path, compressed", async () => {
  expect(await sent({}, "default")).toMatchObject({
    ":path": "/otlp/v1/logs",
    "content-type": "application/x-protobuf",
    "content-encoding": "gzip",
  });
});

test("a tenant goes out under its own name, and everybody else under the configured one, if any", async () => {
  const headers = { "X-Scope-OrgID": "shared" };
  expect((await sent({}, "hospital-1"))["x-scope-orgid"]).toBe("hospital-1");
  expect((await sent({ headers }, "hospital-1"))["x-scope-orgid"]).toBe("hospital-1");
  expect((await sent({ headers }, "default"))["x-scope-orgid"]).toBe("shared");
  expect(await sent({}, "default")).not.toHaveProperty("x-scope-orgid");
});

// 429 is how Loki limits rates and streams; a 400 names entries that are too old or malformed, which stay so.
test.each([
  [204, { kind: "settled", drops: [] }],
  [400, { kind: "settled", drops: [{ reason: "backend_rejected", items: 3 }] }],
  [429, { kind: "retry", fault: { code: "throttled" } }],
  [500, { kind: "retry", fault: { code: "unavailable" } }],
  [503, { kind: "retry", fault: { code: "unavailable" } }],
])("status %d is %o", async (code, expected) => {
  const stub = await stubHttp();
  stub.behave({ kind: "status", code, message: "" });
  const exporter = makeExporter(loki, { endpoint: `http://127.0.0.1:${stub.port}` }, "logs");
  expect(await exporter.deliver(sampleBatch("logs"), never())).toMatchObject(expected);
  await exporter.close();
  await stub.stop();
});

test("has the keys and defaults of otlphttp, so that one can become the other", () => {
  expect([loki.fields, loki.check]).toEqual([fields, check]);
  const exporter = makeExporter(loki, { endpoint: "http://loki:3100" }, "logs");
  expect(exporter).toMatchObject({ timeoutMs: 30_000, retry: { initialMs: 5_000 } });
});

test("an endpoint is needed, and the push API is refused with the way out", () => {
  expect(() => makeExporter(loki, {}, "logs")).toThrow("endpoint is required, such as http://loki:3100");
  expect(() => makeExporter(loki, { endpoint: "http://loki:3100/loki/api/v1/push" }, "logs")).toThrow(
    "leave /loki/api/v1/push away",
  );
});
