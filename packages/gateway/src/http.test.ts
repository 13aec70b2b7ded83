import { connect } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { Fault } from "@rondo/core";
import { CARRIED, decodeResponse, decodeStatus, SIGNALS } from "@rondo/otlp";
import { profilesRequest } from "@rondo/testkit";
import { expect, test } from "vitest";
import { JSON_TYPE, PROTOBUF, raw, send } from "./http-client.cases.ts";
import { durableBodies, durableNames, flawedSpans, request, rig } from "./rig.cases.ts";

test.each(SIGNALS)("%s in protobuf are durable when 200 is answered", async (signal) => {
  await using it = await rig();
  const reply = await send(it.http, `/v1/${signal}`, request(signal, ["a", "b"]));
  expect(reply).toMatchObject({ status: 200, headers: { "content-type": "application/x-protobuf" } });
  expect(reply.body).toHaveLength(0);
  expect(durableNames(it.broker, signal)).toEqual(["a", "b"]);
  expect(it.gateway.totals()).toEqual([{ receiver: "otlp", signal, tenant: "default", accepted: 2, refused: 0 }]);
});

test("a record's headers say whose it is and how many items it has", async () => {
  await using it = await rig();
  await send(it.http, "/v1/logs", request("logs", ["a", "b", "c"]));
  expect(it.broker.records("otlp_logs")).toMatchObject([
    { headers: { v: "1", tenant: "default", via: "otlp", items: "3" } },
  ]);
});

test("nothing is answered before it is durable", async () => {
  await using it = await rig();
  const held = Promise.withResolvers<void>();
  const appending = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => {
    appending.resolve();
    return held.promise;
  };
  let answered = false;
  const reply = send(it.http, "/v1/traces", request("traces", ["a"])).finally(() => {
    answered = true;
  });
  await appending.promise;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(answered).toBe(false);
  held.resolve();
  expect((await reply).status).toBe(200);
});

test.each(["unavailable", "disk_full", "corrupt", "too_large"] as const)(
  "a log that fails with %s is answered 503 with Retry-After and a Status",
  async (code) => {
    await using it = await rig();
    it.broker.beforeAppend = () => {
      throw new Fault(code, "the log said no");
    };
    const reply = await send(it.http, "/v1/metrics", request("metrics", ["a"]));
    expect(reply).toMatchObject({
      status: 503,
      headers: { "retry-after": "1", "content-type": "application/x-protobuf" },
    });
    expect(decodeStatus(reply.body)).toMatchObject({ code: 14, retryDelayMs: 1_000 });
    expect(it.gateway.totals()).toMatchObject([{ accepted: 0, refused: 1 }]);
    it.broker.beforeAppend = undefined;
    expect((await send(it.http, "/v1/metrics", request("metrics", ["a"]))).status).toBe(200);
  },
);

test("JSON is taken, answered in JSON, and stored as protobuf", async () => {
  await using it = await rig();
  const log = { body: { stringValue: "hello" } };
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [log] }] }] });
  const reply = await send(it.http, "/v1/logs", body, { "content-type": "Application/JSON; charset=UTF-8" });
  expect(reply).toMatchObject({ status: 200, headers: { "content-type": "application/json" } });
  expect(JSON.parse(reply.body.toString())).toEqual({});
  expect(durableNames(it.broker, "logs")).toEqual(["hello"]);
});

test.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["zlib", deflateSync],
] as const)("%s is inflated", async (encoding, compress) => {
  await using it = await rig();
  const body = compress(request("logs", ["a", "b"]));
  expect((await send(it.http, "/v1/logs", body, { ...PROTOBUF, "content-encoding": encoding })).status).toBe(200);
  expect(durableNames(it.broker, "logs")).toEqual(["a", "b"]);
});

test("several gzip members are one body", async () => {
  await using it = await rig();
  const body = Buffer.concat([gzipSync(request("logs", ["a"])), gzipSync(request("logs", ["b"]))]);
  expect((await send(it.http, "/v1/logs", body, { ...PROTOBUF, "content-encoding": "gzip" })).status).toBe(200);
  expect(durableNames(it.broker, "logs")).toEqual(["a", "b"]);
});

const PROFILES = "/v1development/profiles";

test("profiles are stored in their very bytes, one request a record, and taken nowhere else", async () => {
  await using it = await rig({ signals: CARRIED, lingerMs: 50, partitions: 2 });
  const sent = ["a", "b", "c"].map((stack) => profilesRequest(stack, 2));
  const replies = await Promise.all(sent.map((body) => send(it.http, PROFILES, body)));
  expect(replies.map(({ status, body }) => [status, body.length])).toEqual(sent.map(() => [200, 0]));
  const packed = profilesRequest("d");
  await send(it.http, PROFILES, gzipSync(packed), { ...PROTOBUF, "content-encoding": "gzip" });
  const hex = (bodies: readonly Uint8Array[]) => bodies.map((body) => Buffer.from(body).toString("hex")).sort();
  expect(hex(durableBodies(it.broker, "profiles"))).toEqual(hex([...sent, packed]));
  expect(it.gateway.totals()).toEqual([
    { receiver: "otlp", signal: "profiles", tenant: "default", accepted: 7, refused: 0 },
  ]);
  expect(it.gateway.admission.inUse).toBe(0);
  expect((await send(it.http, "/v1/profiles", packed)).status).toBe(404);
});

test.each<[what: string, body: Uint8Array | string, headers: Record<string, string>, status: number, said: RegExp]>([
  ["in JSON", "{}", JSON_TYPE, 415, /profiles .* are not converted; send application\/x-protobuf/],
  ["with a broken frame", Buffer.from([0x0a, 9, 0]), PROTOBUF, 400, /byte/],
  ["above a record", profilesRequest("x".repeat(4 << 20)), PROTOBUF, 413, /profiles has \d+ B and cannot be cut/],
])("profiles %s are refused with the reason", async (_, body, headers, status, said) => {
  await using it = await rig({ signals: CARRIED });
  const reply = await send(it.http, PROFILES, body, headers);
  expect([reply.status, reply.body.toString()]).toEqual([status, expect.stringMatching(said)]);
  expect(durableBodies(it.broker, "profiles")).toEqual([]);
  expect(it.gateway.admission.inUse).toBe(0);
});

test("an empty body is an empty request", async () => {
  await using it = await rig();
  expect((await send(it.http, "/v1/traces", "")).status).toBe(200);
  expect(it.broker.records("otlp_spans")).toEqual([]);
});

test("a body without a length is read as well", async () => {
  await using it = await rig();
  const body = request("logs", ["a"]);
  const reply = await send(it.http, "/v1/logs", body, { ...PROTOBUF, "transfer-encoding": "chunked" });
  expect(reply.status).toBe(200);
  expect(durableNames(it.broker, "logs")).toEqual(["a"]);
});

const bomb = gzipSync(Buffer.alloc(4 << 20));
/** 400 kB of text, 1.6 MB of numbers. */
const buckets = { histogram: { dataPoints: [{ bucketCounts: new Array(200_000).fill(1) }] } };
const manyBuckets = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [buckets] }] }] });
const gzip = { "content-encoding": "gzip" };

test.each<[what: string, path: string, body: Uint8Array | string, headers: Record<string, string>, status: number]>([
  ["a truncated message", "/v1/traces", request("traces", ["a"]).subarray(0, -3), PROTOBUF, 400],
  ["field number 0", "/v1/traces", Buffer.from([0, 1]), PROTOBUF, 400],
  ["an overlong varint", "/v1/traces", Buffer.alloc(16, 0xff), PROTOBUF, 400],
  ["a group", "/v1/logs", Buffer.from([0x0b, 0x0c]), PROTOBUF, 400],
  ["text", "/v1/logs", "hello", PROTOBUF, 400],
  ["garbage JSON", "/v1/logs", "{", JSON_TYPE, 400],
  ["JSON that is no object", "/v1/logs", "[1]", JSON_TYPE, 400],
  ["very deep JSON", "/v1/logs", "[".repeat(200_000), JSON_TYPE, 400],
  ["a body over the limit", "/v1/logs", Buffer.alloc((1 << 20) + 1), PROTOBUF, 413],
  ["JSON over the limit in protobuf", "/v1/metrics", manyBuckets, JSON_TYPE, 413],
  ["a gzip bomb", "/v1/logs", bomb, { ...PROTOBUF, ...gzip }, 413],
  ["truncated gzip", "/v1/logs", gzipSync("x".repeat(100)).subarray(0, -9), { ...PROTOBUF, ...gzip }, 400],
  ["gzip that is none", "/v1/logs", "hello", { ...PROTOBUF, ...gzip }, 400],
  ["an unknown encoding", "/v1/logs", "", { ...PROTOBUF, "content-encoding": "br" }, 415],
  ["a nested encoding", "/v1/logs", "", { ...PROTOBUF, "content-encoding": "gzip, gzip" }, 415],
  ["an unknown type", "/v1/logs", "", { "content-type": "text/plain" }, 415],
  ["no type", "/v1/logs", "", {}, 415],
  ["an unknown path", "/v1/profiles", "", PROTOBUF, 404],
  ["a path of the prototype", "/__proto__", "", PROTOBUF, 404],
])("%s is refused, and the next request is served", async (_, path, body, headers, status) => {
  await using it = await rig({ http: { max_request_body_size: 1 << 20 } });
  const reply = await send(it.http, path, body, headers);
  expect(reply.status).toBe(status);
  const type = headers["content-type"];
  if (type === PROTOBUF["content-type"]) expect(decodeStatus(reply.body).message).not.toBe("");
  else if (type === JSON_TYPE["content-type"]) {
    expect(JSON.parse(reply.body.toString())).toMatchObject({ code: status === 413 ? 8 : 3 });
  } else expect(reply.headers["content-type"]).toMatch("text/plain");
  expect(it.gateway.admission.inUse).toBe(0);
  expect((await send(it.http, "/v1/logs", request("logs", ["a"]))).status).toBe(200);
});

test("another method is answered 405 with Allow", async () => {
  await using it = await rig();
  expect(await send(it.http, "/v1/logs", "", PROTOBUF, "GET")).toMatchObject({
    status: 405,
    headers: { allow: "POST" },
  });
});

test("a signal without a pipeline is not found", async () => {
  await using it = await rig({ signals: ["traces"] });
  expect((await send(it.http, "/v1/logs", request("logs", ["a"]))).status).toBe(404);
});

test("paths and headers follow the configuration", async () => {
  await using it = await rig({ http: { logs_url_path: "in/logs", response_headers: { "x-site": "7" } } });
  const reply = await send(it.http, "/in/logs?x=1", request("logs", ["a"]));
  expect(reply).toMatchObject({ status: 200, headers: { "x-site": "7" } });
});

test("a proxy's absolute URL is taken by its path", async () => {
  await using it = await rig();
  expect((await send(it.http, "http://gateway.example/v1/logs", request("logs", ["a"]))).status).toBe(200);
});

test.each([
  ["HTTP that is none", "garbage\r\n\r\n", /^HTTP\/1.1 400 /],
  ["an invalid URL", "GET http:// HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", /^HTTP\/1.1 400 /],
  ["headers over 16 KiB", `POST /v1/logs HTTP/1.1\r\nHost: a\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
  [
    "a length beside chunks",
    "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    /^HTTP\/1.1 400 /,
  ],
  [
    "two lengths",
    "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    /^HTTP\/1.1 400 /,
  ],
  ["a TLS handshake", Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), /^HTTP\/1.1 400 /],
])("%s closes its connection and no other", async (_, bytes, answer) => {
  await using it = await rig();
  expect(await raw(it.http, bytes)).toMatch(answer);
  expect((await send(it.http, "/v1/logs", request("logs", ["a"]))).status).toBe(200);
});

test("a header named __proto__ is only a header", async () => {
  await using it = await rig();
  const head = "POST /v1/logs HTTP/1.1\r\nHost: a\r\n__proto__: x\r\nContent-Type: application/x-protobuf\r\n";
  expect(await raw(it.http, `${head}Content-Length: 0\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 200 /);
});

test("an upload that is cut off gives its credits back", async () => {
  await using it = await rig();
  const socket = connect(it.http, "127.0.0.1");
  socket.write(
    "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\nabc",
  );
  await expect.poll(() => it.gateway.admission.inUse).toBe(5000);
  socket.destroy();
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
});

test("a body that trickles is answered 503, headers that do 408, and both are closed", async () => {
  await using it = await rig({ http: { read_timeout: "300ms", read_header_timeout: "200ms" } });
  const head = "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\nabc";
  expect(await raw(it.http, head)).toMatch(/^HTTP\/1.1 503 [\s\S]*\r\nRetry-After: \d/);
  expect(await raw(it.http, "POST /v1/logs HTTP/1.1\r\nHo")).toMatch(/^HTTP\/1.1 408 /);
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
});

test("over the account a body is refused before it is read, with the wait in both places", async () => {
  await using it = await rig({ creditsBytes: 10_000 });
  const held = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => held.promise;
  const first = send(it.http, "/v1/logs", request("logs", ["x".repeat(8_000)]));
  await expect.poll(() => it.gateway.admission.inUse).toBeGreaterThan(8_000);
  const second = await send(it.http, "/v1/logs", request("logs", ["y".repeat(3_000)]));
  expect(second).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  expect(decodeStatus(second.body)).toMatchObject({ code: 14, retryDelayMs: 1_000 });
  held.resolve();
  expect((await first).status).toBe(200);
  expect(it.gateway.admission.inUse).toBe(0);
});

test("an item over 1 MiB is refused by partial success, the others are durable", async () => {
  await using it = await rig();
  const body = Buffer.concat([
    request("logs", ["a"]),
    request("logs", ["x".repeat((1 << 20) + 1)]),
    request("logs", ["b"]),
  ]);
  const reply = await send(it.http, "/v1/logs", body);
  expect(reply.status).toBe(200);
  expect(decodeResponse(reply.body)).toMatchObject({ rejected: 1, message: expect.stringContaining("item_too_large") });
  expect(durableNames(it.broker, "logs")).toEqual(["a", "b"]);
  expect(it.gateway.totals()).toMatchObject([{ accepted: 2, refused: 1 }]);
});

test("flawed spans are refused by name, and the others are durable", async () => {
  await using it = await rig();
  const reply = await send(it.http, "/v1/traces", flawedSpans());
  expect(reply.status).toBe(200);
  const { rejected, message } = decodeResponse(reply.body) ?? {};
  expect(rejected).toBe(3);
  const span = (index: number) => `resourceSpans[0].scopeSpans[0].spans[${index}]`;
  expect(message).toContain(`invalid_trace_id: 1 of 5 spans, the first at ${span(1)}.traceId`);
  expect(message).toContain(`invalid_span_id: 1 of 5 spans, the first at ${span(2)}.spanId`);
  expect(message).toContain(`invalid_name: 1 of 5 spans, the first at ${span(3)}.name`);
  expect(durableNames(it.broker, "traces")).toEqual(["a", "e"]);
  expect(it.broker.records("otlp_spans")).toMatchObject([{ headers: { items: "2" } }]);
  expect(it.gateway.totals()).toMatchObject([{ accepted: 2, refused: 3 }]);
  expect(it.gateway.admission.inUse).toBe(0);
});

test("in JSON too, and a request of flawed items alone leaves nothing", async () => {
  await using it = await rig();
  const logRecords = [{ traceId: "0102" }];
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  const reply = await send(it.http, "/v1/logs", body, JSON_TYPE);
  expect(JSON.parse(reply.body.toString())).toMatchObject({
    partialSuccess: {
      rejectedLogRecords: "1",
      errorMessage: expect.stringMatching(/^invalid_trace_id: 1 of 1 log records/),
    },
  });
  expect(it.broker.records("otlp_logs")).toEqual([]);
  expect(it.gateway.totals()).toMatchObject([{ accepted: 0, refused: 1 }]);
});

test("a request over a record is cut at item borders, all of it durable before the answer", async () => {
  await using it = await rig();
  const names = Array.from({ length: 40 }, (_, i) => `${i}-${"x".repeat(90_000)}`);
  expect((await send(it.http, "/v1/logs", request("logs", names))).status).toBe(200);
  expect(durableNames(it.broker, "logs")).toEqual(names);
  for (const { value } of it.broker.records("otlp_logs")) expect(value.length).toBeLessThanOrEqual(900 << 10);
});

test("Expect: 100-continue is answered only when the body will be read", async () => {
  await using it = await rig({ http: { max_request_body_size: 1000 } });
  const head =
    "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nConnection: close\r\n";
  expect(await raw(it.http, `${head}Content-Length: 2\r\n\r\n{}`)).toMatch(
    /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /,
  );
  expect(await raw(it.http, `${head}Content-Length: 2000\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /);
});
