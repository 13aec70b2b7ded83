import { connect } from "node:net";
import { decodeStatus } from "@rondo/otlp";
import { describe, expect, test } from "vitest";
import { WRITERS } from "./codecs/compressed.cases.ts";
import { JSON_TYPE, PROTOBUF, raw, send } from "./http-client.cases.ts";
import { noMetrics } from "./metrics.ts";
import { durableNames, request, rig } from "./rig.cases.ts";

const HEAD = "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

describe.each(WRITERS)("a body in $encoding", ({ encoding, compress, zeros }) => {
  const headers = { ...PROTOBUF, "content-encoding": encoding };

  test("is inflated", async () => {
    await using it = await rig();
    expect((await send(it.http, "/v1/logs", compress(request("logs", ["a", "b"])), headers)).status).toBe(200);
    expect(durableNames(it.broker, "logs")).toEqual(["a", "b"]);
  });

  test("that is broken, cut off or a bomb is refused, and the next is served", async () => {
    await using it = await rig({ http: { max_request_body_size: 1 << 20 } });
    const whole = compress(request("logs", ["a"]));
    for (const [body, status] of [
      [Buffer.from("hello"), 400],
      [whole.subarray(0, -5), 400],
      [zeros(4 << 20), 413],
    ] as const) {
      const reply = await send(it.http, "/v1/logs", body, headers);
      expect(reply.status).toBe(status);
      expect(decodeStatus(reply.body)).toMatchObject({ code: status === 413 ? 8 : 3 });
      expect(reply.headers["retry-after"]).toBeUndefined();
      expect(it.gateway.admission.inUse).toBe(0);
    }
    expect((await send(it.http, "/v1/logs", whole, headers)).status).toBe(200);
  });

  test("that needs more memory than is free is refused for now", async () => {
    await using it = await rig({ creditsBytes: 2 << 20 });
    const held = Promise.withResolvers<void>();
    it.broker.beforeAppend = () => held.promise;
    const first = send(it.http, "/v1/logs", request("logs", ["x".repeat(900_000)]));
    await expect.poll(() => it.gateway.admission.inUse).toBeGreaterThan(900_000);
    const second = await send(it.http, "/v1/logs", zeros(3 << 19), headers);
    expect(second).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    held.resolve();
    expect((await first).status).toBe(200);
    expect(it.gateway.admission.inUse).toBe(0);
  });
});

test("encodings that the configuration leaves out are refused with those that it names", async () => {
  await using it = await rig({ http: { compression_algorithms: ["zstd", "lz4"] } });
  for (const encoding of ["gzip", "identity", ""]) {
    const reply = await send(it.http, "/v1/logs", request("logs", ["a"]), {
      ...PROTOBUF,
      "content-encoding": encoding,
    });
    expect(reply).toMatchObject({ status: 415, headers: { "accept-encoding": "zstd, lz4" } });
    expect(decodeStatus(reply.body).message).toMatch("[zstd, lz4]");
  }
});

describe("pages of other origins", () => {
  const cors = {
    allowed_origins: ["https://*.example"],
    allowed_headers: ["Authorization"],
    exposed_headers: ["Retry-After"],
  };
  const origin = "https://app.example";

  test("ask first, and are told before anything else is looked at", async () => {
    await using it = await rig({ http: { cors, response_headers: { "x-site": "7" } } });
    const asked = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    };
    const reply = await send(it.http, "/any/path", "", asked, "OPTIONS");
    expect(reply).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "authorization, content-type",
        "access-control-allow-credentials": "true",
        "x-site": "7",
      },
    });
    const foreign = await send(it.http, "/v1/logs", "", { ...asked, origin: "https://evil.org" }, "OPTIONS");
    expect(foreign.status).toBe(204);
    expect(foreign.headers).not.toHaveProperty("access-control-allow-origin");
  });

  test("may read whatever they are answered", async () => {
    await using it = await rig({ http: { cors } });
    for (const [body, status] of [
      ["{}", 200],
      ["{", 400],
    ] as const) {
      const reply = await send(it.http, "/v1/logs", body, { ...JSON_TYPE, origin });
      expect(reply).toMatchObject({
        status,
        headers: {
          vary: "Origin",
          "access-control-allow-origin": origin,
          "access-control-expose-headers": "Retry-After",
        },
      });
    }
    expect(await send(it.http, "/v1/logs", "", { origin }, "OPTIONS")).toMatchObject({ status: 405 });
  });
});

test.each([
  ["chunks and a length", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["an encoding beside chunked", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
  ["a length with a sign", "Content-Length: +2\r\n\r\n{}"],
  ["two lengths in one", "Content-Length: 2, 3\r\n\r\n{}"],
  ["a length that is none", "Content-Length: two\r\n\r\n{}"],
  ["a header folded over lines", "X-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\n{}"],
  ["a blank before a colon", "Content-Length : 2\r\n\r\n{}"],
  ["a bare line feed", "X-A: 1\nContent-Length: 2\r\n\r\n{}"],
  ["a null in a header", "X-A: \0\r\nContent-Length: 2\r\n\r\n{}"],
  ["a chunk whose length is none", "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"],
  ["a chunk that is longer than it says", "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n"],
])("%s is answered 400 and closed, with nothing of it taken", async (_, rest) => {
  await using it = await rig();
  expect(await raw(it.http, HEAD + rest)).toMatch(/^HTTP\/1.1 400 Bad Request\r\nConnection: close\r\n/);
  expect(it.broker.records("otlp_logs")).toEqual([]);
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
  expect((await send(it.http, "/v1/logs", "{}", JSON_TYPE)).status).toBe(200);
});

const END = "Content-Length: 2\r\nConnection: close\r\n\r\n{}";

test.each([
  ["more headers than Node keeps", 431, `${"X-A: 1\r\n".repeat(2_100)}${END}`],
  ["an extension of a chunk that does not end", 413, `Transfer-Encoding: chunked\r\n\r\n1;${"a".repeat(20_000)}`],
  ["a trailer that does not end", 431, `Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-A: ${"a".repeat(20_000)}`],
  ["a header twice", 200, `X-A: 1\r\nX-A: 2\r\n${END}`],
  ["a type twice", 200, `Content-Type: text/plain\r\n${END}`],
  ["an expectation that nobody has", 417, `Expect: more\r\n${END}`],
  ["another protocol to upgrade to", 200, "Upgrade: h2c\r\nConnection: upgrade, close\r\nContent-Length: 2\r\n\r\n{}"],
])("%s is answered %s", async (_, status, rest) => {
  await using it = await rig();
  expect(await raw(it.http, HEAD + rest)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
  expect((await send(it.http, "/v1/logs", "{}", JSON_TYPE)).status).toBe(200);
});

test.each([
  [PROTOBUF, decodeStatus],
  [JSON_TYPE, (body: Buffer) => JSON.parse(body.toString())],
] as const)("a tenant over its rate is told when to come back: %j", async (type, decode) => {
  const limits = { itemsPerSecond: 0, bytesPerSecond: 1_000, burstMs: 1_000, weight: 1 };
  await using it = await rig({ tenants: { limits, overrides: new Map() } });
  expect((await send(it.http, "/v1/logs", request("logs", ["x".repeat(20_000)]))).status).toBe(200);
  const reply = await send(it.http, "/v1/logs", type === PROTOBUF ? request("logs", ["a"]) : "{}", type);
  expect(reply).toMatchObject({ status: 429, headers: { "content-type": type["content-type"] } });
  expect(Number(reply.headers["retry-after"])).toBeGreaterThanOrEqual(15);
  expect(decode(reply.body)).toMatchObject({ code: 8, message: expect.stringMatching("default") });
  expect(durableNames(it.broker, "logs")).toHaveLength(1);
});

test("what is not answered by a handler is counted as well, and each once", async () => {
  const outcomes: string[] = [];
  const metrics = { ...noMetrics, answered: (...[, , outcome]: [unknown, unknown, string]) => outcomes.push(outcome) };
  await using it = await rig({ metrics, http: { read_timeout: "200ms", read_header_timeout: "200ms" } });
  for (const bytes of ["garbage\r\n\r\n", "POST / HTTP/1.1\r\nHo", `${HEAD}Content-Length: 2\r\n\r\n{`]) {
    await raw(it.http, bytes);
  }
  await expect.poll(() => outcomes).toEqual(["invalid", "aborted", "gone"]);
});

test("a tunnel is not opened", async () => {
  await using it = await rig();
  expect(await raw(it.http, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")).not.toMatch(/^HTTP\/1.1 2/);
});

test("headers that trickle are answered 408, a body in its own encoding that later may do", async () => {
  await using it = await rig({ http: { read_timeout: "300ms", read_header_timeout: "300ms" } });
  expect(await raw(it.http, "POST /v1/logs HTTP/1.1\r\nHo")).toMatch(/\r\n\r\n408 Request Timeout$/);
  const sent = "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
  expect(JSON.parse((await raw(it.http, sent)).split("\r\n\r\n")[1] ?? "")).toMatchObject({ code: 14 });
});

test("a client that reads no answers is closed when nothing has moved for the time of write_timeout", async () => {
  const site = "x".repeat(12_000);
  await using it = await rig({
    http: { write_timeout: "300ms", idle_timeout: "5s", response_headers: { "x-site": site } },
  });
  const socket = connect(it.http, "127.0.0.1");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  socket.pause();
  const one = `${HEAD}Content-Length: 2\r\n\r\n{}`;
  // More answers than the buffers of both ends hold.
  socket.write(one.repeat(2_000));
  // Only who reads hears of an end, so nothing but time can be waited for.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  socket.resume();
  await closed;
  expect(bytes).toBeLessThan(2_000 * site.length);
});

test("a connection is closed after its answer where keep_alives_enabled is false", async () => {
  await using it = await rig({ http: { keep_alives_enabled: false } });
  expect(await raw(it.http, `${HEAD}Content-Length: 2\r\n\r\n{}`)).toMatch(
    /^HTTP\/1.1 200 OK\r\n(?:.*\r\n)*Connection: close\r\n/,
  );
});

test("an idle connection is closed after idle_timeout", async () => {
  await using it = await rig({ http: { idle_timeout: "100ms" } });
  expect(await raw(it.http, `${HEAD}Content-Length: 2\r\n\r\n{}`)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
});
