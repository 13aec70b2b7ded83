import { createServer } from "node:http";
import type { Log } from "@rondo/core";
import type { Carried } from "@rondo/otlp";
import { makeExporter, type StubBackend, sampleBatch, stubHttp } from "@rondo/testkit/exporter-contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { check } from "./config.ts";
import { otlphttp } from "./exporter.ts";

let stub: StubBackend;
beforeEach(async () => {
  stub = await stubHttp();
});
afterEach(() => stub.stop());

const never = () => new AbortController().signal;

async function once(config: object = {}, signal: Carried = "traces") {
  const exporter = makeExporter(otlphttp, { endpoint: `http://127.0.0.1:${stub.port}`, ...config }, signal);
  const verdict = await exporter.deliver(sampleBatch(signal), never());
  await exporter.close();
  return verdict;
}

test("answers to both of its names and has the Collector's defaults", () => {
  const exporter = makeExporter(otlphttp, { endpoint: "http://x" });
  expect([otlphttp.type, otlphttp.aliases]).toEqual(["otlphttp", ["otlp_http"]]);
  expect(exporter).toMatchObject({ timeoutMs: 30_000, retry: { initialMs: 5_000 } });
});

test.each([
  [500, "retry"],
  [503, "retry"],
  [429, "retry"],
  [307, "retry"],
  [408, "retry"],
  [404, "retry"],
  [413, "settled"],
  [501, "settled"],
])("status %d is %s", async (code, kind) => {
  stub.behave({ kind: "status", code, message: "as told" });
  const verdict = await once();
  expect(verdict.kind).toBe(kind);
  if (verdict.kind === "settled") expect(verdict.drops).toMatchObject([{ reason: "backend_rejected", items: 3 }]);
});

test("a redirect is not followed and says what to do", async () => {
  stub.behave({ kind: "status", code: 302, message: "" });
  expect(await once()).toMatchObject({
    fault: { code: "config", message: expect.stringContaining("redirects are not followed") },
  });
  expect(stub.received.length).toBe(1);
});

test("data waits for credentials that are to be renewed, and the fault says so", async () => {
  stub.behave({ kind: "status", code: 401, message: "token expired" });
  expect(await once()).toMatchObject({
    kind: "retry",
    fault: { code: "unauthenticated", message: expect.stringMatching(/HTTP 401.*check the credentials/) },
  });
});

test("credentials of the URL go out as Basic authentication and into no message", async () => {
  await once({ endpoint: `http://user:canary@127.0.0.1:${stub.port}/base?token=canary` });
  const headers = stub.received[0]?.headers;
  expect(headers?.["authorization"]).toBe(`Basic ${Buffer.from("user:canary").toString("base64")}`);
  expect(headers?.[":path"]).toBe("/base/v1/traces?token=canary");
  await stub.stop();
  expect(JSON.stringify(await once({ endpoint: `http://u:canary@127.0.0.1:${stub.port}/?t=canary` }))).not.toContain(
    "canary",
  );
});

test("headers cannot lie about the body", async () => {
  await once({ headers: { "Content-Type": "text/plain", "content-length": "1" } });
  expect(stub.received[0]?.headers["content-type"]).toBe("application/x-protobuf");
});

test("profiles have an endpoint of their own, and no JSON", async () => {
  await once({ endpoint: undefined, profiles_endpoint: `http://127.0.0.1:${stub.port}/in` }, "profiles");
  expect(stub.received.map(({ headers }) => headers[":path"])).toEqual(["/in"]);
  expect(() => makeExporter(otlphttp, { endpoint: "http://x", encoding: "json" }, "profiles")).toThrow(
    /^encoding: profiles pass through as they came/,
  );
});

test("a signal's own endpoint is used verbatim, and a missing one fails at start", async () => {
  await once({ endpoint: undefined, metrics_endpoint: `http://127.0.0.1:${stub.port}/in` }, "metrics");
  expect(stub.received[0]?.headers[":path"]).toBe("/in");
  expect(() => makeExporter(otlphttp, { metrics_endpoint: "http://x/in" }, "traces")).toThrow(
    /set endpoint or traces_endpoint/,
  );
  expect(() => makeExporter(otlphttp, {})).toThrow(/endpoint is required unless/);
});

test("a base URL with a signal's path works as in the Collector and is pointed out", () => {
  const place = recordingPlace();
  const none = { traces_endpoint: null, metrics_endpoint: null, logs_endpoint: null };
  // Only the endpoints are looked at.
  check(
    { endpoint: { url: new URL("http://g/v1/metrics") }, ...none } as unknown as Parameters<typeof check>[0],
    place,
  );
  expect(place.warnings[0]).toContain("/v1/metrics is appended to it again; metrics_endpoint is used as it is");
});

test("partial success is logged, and what breaks JSON is dropped as invalid", async () => {
  stub.behave({ kind: "partial", rejected: 1, message: "too old" });
  const said: unknown[] = [];
  const warn: Log["warn"] = (message, more) => said.push([message, more]);
  const log: Log = { debug() {}, info() {}, warn, error() {}, child: () => log };
  const exporter = makeExporter(otlphttp, { endpoint: `http://127.0.0.1:${stub.port}` }, "traces", log);
  await exporter.deliver(sampleBatch("traces"), never());
  expect(JSON.stringify(said)).toContain("too old");
  await exporter.close();
  const json = makeExporter(otlphttp, { endpoint: `http://127.0.0.1:${stub.port}`, encoding: "json" });
  const broken = { ...sampleBatch("traces"), body: Uint8Array.of(0x0a, 0xff) };
  expect(await json.deliver(broken, never())).toEqual({
    kind: "settled",
    drops: [{ reason: "invalid_item", items: 3, detail: expect.any(String), body: broken.body, together: true }],
  });
  await json.close();
});

test("a kept connection that breaks under a request may have carried it", async () => {
  let requests = 0;
  // Answers the first request of each connection and closes it just as the second arrives.
  const server = createServer((request, response) => {
    requests++;
    request.resume().on("end", () => {
      response.writeHead(200, { connection: "keep-alive" }).end();
      request.socket.once("data", () => request.socket.resetAndDestroy());
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const exporter = makeExporter(otlphttp, { endpoint: `http://127.0.0.1:${port}` });
  expect((await exporter.deliver(sampleBatch("traces"), never())).kind).toBe("settled");
  expect(await exporter.deliver(sampleBatch("traces"), never())).toMatchObject({ kind: "retry", unanswered: true });
  // It was not sent a second time behind the account's back, and the next try has a connection of its own.
  expect(requests).toBe(2);
  expect((await exporter.deliver(sampleBatch("traces"), never())).kind).toBe("settled");
  await exporter.close();
  server.close();
});

test("a backend that is not there has not taken anything", async () => {
  const exporter = makeExporter(otlphttp, { endpoint: "http://127.0.0.1:1" });
  const verdict = await exporter.deliver(sampleBatch("traces"), never());
  expect(verdict).toMatchObject({ kind: "retry", fault: { code: "unavailable" } });
  expect(verdict).not.toHaveProperty("unanswered");
  await exporter.close();
});

test("gzip is the default", async () => {
  await once();
  expect(stub.received[0]?.headers["content-encoding"]).toBe("gzip");
});
