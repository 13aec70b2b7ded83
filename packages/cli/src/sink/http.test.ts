import { gzipSync } from "node:zlib";
import { decodeStatus } from "@rondo/otlp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logs, openSink, post } from "./sink.cases.ts";
import type { Sink } from "./sink.ts";

let sink: Sink;
beforeEach(async () => {
  sink = await openSink();
});
afterEach(() => sink.close());

const holds = (name: string) => sink.listener(name).holdings;

test("protobuf, plain and gzip, under an exporter's own prefix", async () => {
  expect((await post(sink, "otlp/a", logs(1))).status).toBe(200);
  const prefixed = "/api/otel/v1/metrics/v1/logs";
  const zipped = await post(sink, "otlp/a", gzipSync(logs(2)), { "content-encoding": "gzip" }, prefixed);
  expect(zipped.status).toBe(200);
  expect(zipped.headers.get("content-type")).toBe("application/x-protobuf");
  expect((await zipped.arrayBuffer()).byteLength).toBe(0);
  expect(holds("otlp/a").count("logs")).toMatchObject({ requests: 2, items: 2, ids: 2 });
});

test("JSON has the identities of the same request in protobuf", async () => {
  await post(sink, "otlp/a", logs(9007199254740993n));
  const record = { timeUnixNano: "9007199254740993", body: { stringValue: "hello" } };
  const json = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
  const answered = await post(sink, "otlp/b", json, { "content-type": "application/json; charset=utf-8" });
  expect([answered.status, await answered.json()]).toEqual([200, {}]);
  expect(holds("otlp/a").held("logs")).toHaveLength(1);
  expect(holds("otlp/a").held("logs")).toEqual(holds("otlp/b").held("logs"));
});

describe("what is no request is refused, and the sink lives", () => {
  const cases: Record<string, [status: number, body: string, headers?: Record<string, string>, path?: string]> = {
    garbage: [400, "garbage"],
    "broken JSON": [400, "{", { "content-type": "application/json" }],
    "a media type that is not OTLP": [415, "x", { "content-type": "text/plain" }],
    "a media type named like a built-in": [415, "x", { "content-type": "constructor" }],
    "gzip that is none": [400, "x", { "content-encoding": "gzip" }],
    "an unknown compression": [415, "x", { "content-encoding": "br" }],
    "an unknown path": [404, "x", {}, "/nowhere"],
  };
  for (const [what, [status, body, headers, path]] of Object.entries(cases)) {
    test(what, async () => {
      expect((await post(sink, "otlp/b", body, headers, path)).status).toBe(status);
      expect((await post(sink, "otlp/b", logs(1))).status).toBe(200);
    });
  }
});

test("a refusal is a Status in the encoding of the request", async () => {
  const protobuf = await post(sink, "otlp/b", "garbage");
  expect(decodeStatus(new Uint8Array(await protobuf.arrayBuffer()))).toMatchObject({
    code: 3,
    message: expect.stringMatching(/./),
  });
  await sink.listener("otlp/b").behaviour.set({ mode: "status", status: 429, retryAfterMs: 1500 });
  const json = await post(sink, "otlp/b", "{}", { "content-type": "application/json" });
  expect(await json.json()).toEqual({ code: 8, message: "this sink was told to answer 429" });
  expect(json.headers.get("retry-after")).toBe("2");
});

test("told to lose, the connection ends without an answer", async () => {
  await sink.listener("otlp/b").behaviour.set({ mode: "lose" });
  await expect(post(sink, "otlp/b", logs(1))).rejects.toThrow();
  expect(holds("otlp/b").count("logs").items).toBe(1);
});
