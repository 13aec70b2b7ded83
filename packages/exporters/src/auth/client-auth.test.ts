import type { Batch, SetHeaders } from "@rondo/core";
import { makeExporter, type StubBackend, sampleBatch, stubGrpc, stubHttp } from "@rondo/testkit/exporter-contract";
import { afterEach, describe, expect, test } from "vitest";
import { loki } from "../loki/exporter.ts";
import { sampleMetrics } from "../metrics.cases.ts";
import { otlp } from "../otlp/exporter.ts";
import { otlphttp } from "../otlphttp/exporter.ts";
import { prometheusRemoteWrite } from "../prometheusremotewrite/exporter.ts";
import { clientAuth, grpcValue, headersByAuth, httpValue, usesAuth } from "./client-auth.ts";

const auth = { authenticator: "setter" };

/** Sets what the client sent, and takes a configured header away. */
const set: SetHeaders = (headers, meta) => {
  headers.set("x-site", meta["x-site"]?.[0] ?? "");
  headers.delete("x-gone");
};

const headersBy = (extension: string) => (extension === "setter" ? set : undefined);

test("an exporter's auth is a reference to an extension of the service", () => {
  expect(usesAuth({ auth })).toEqual([{ keys: ["auth", "authenticator"], id: "setter", as: "client authenticator" }]);
  expect(usesAuth({ auth: null })).toEqual([]);
  expect(clientAuth.docs.children?.["authenticator"]?.required).toBe(true);
});

test("without auth nothing is changed; without the extension nothing is sent", () => {
  expect(headersByAuth({ auth: null }, {})).toBeUndefined();
  for (const around of [{}, { headersBy: () => undefined }]) {
    expect(() => headersByAuth({ auth }, around)).toThrow(/no extension setter sets headers/);
  }
});

test("headers as configured stay as they are, others are encoded", () => {
  const configured = new Map([["a", "h\xf4pital"]]);
  const headers = headersByAuth({ auth }, { headersBy })?.(configured, { "x-site": ["hôpital"] }, httpValue);
  expect([...(headers ?? [])]).toEqual([
    ["a", "h\xf4pital"],
    ["x-site", Buffer.from("hôpital").toString("latin1")],
  ]);
  expect([...configured.keys()]).toEqual(["a"]);
});

test.each([
  ["plain ~", "plain ~", "plain ~"],
  ["hôpital", Buffer.from("hôpital").toString("latin1"), "h%C3%B4pital"],
  ["a\r\nx-admin: 1", "a%0D%0Ax-admin: 1", "a%0D%0Ax-admin: 1"],
  ["\t\u0000\u007f", "\t%00%7F", "%09%00%7F"],
  ["\u{1f600}", Buffer.from("\u{1f600}").toString("latin1"), "%F0%9F%98%80"],
  ["\ud800", Buffer.from("\ufffd").toString("latin1"), "%EF%BF%BD"],
])("%j can be sent on both transports, and ends no header", (text, http, grpc) => {
  expect([httpValue(text), grpcValue(text)]).toEqual([http, grpc]);
});

const CASES = [
  { type: otlp, backend: stubGrpc, to: (port: number) => ({ endpoint: `127.0.0.1:${port}`, tls: { insecure: true } }) },
  { type: otlphttp, backend: stubHttp, to: (port: number) => ({ endpoint: `http://127.0.0.1:${port}` }) },
  { type: loki, backend: stubHttp, to: (port: number) => ({ endpoint: `http://127.0.0.1:${port}` }) },
  {
    type: prometheusRemoteWrite,
    backend: stubHttp,
    to: (port: number) => ({ endpoint: `http://127.0.0.1:${port}/api/v1/write` }),
  },
];

describe.each(CASES)("$type.type", ({ type, backend, to }) => {
  let stub: StubBackend | undefined;
  afterEach(() => stub?.stop());

  const [signal = "traces"] = type.signals;
  const sample = (meta: Batch["meta"]): Batch => ({
    ...(type === prometheusRemoteWrite ? sampleMetrics() : sampleBatch(signal)),
    ...(meta && { meta }),
  });

  test("every request has what its own client sent, whatever the one before it had", async () => {
    stub = await backend();
    const headers = { "X-Gone": "1", "x-stays": "2" };
    const exporter = makeExporter(type, { ...to(stub.port), auth, headers }, signal, undefined, headersBy);
    for (const meta of [{ "x-site": ["a"] }, { "x-site": ["b\r\nc"] }, undefined]) {
      await exporter.deliver(sample(meta), new AbortController().signal);
    }
    await exporter.close();
    const sent = stub.received.map((one) => [one.headers["x-site"], one.headers["x-gone"], one.headers["x-stays"]]);
    expect(sent).toEqual([
      ["a", undefined, "2"],
      ["b%0D%0Ac", undefined, "2"],
      ["", undefined, "2"],
    ]);
  });

  test("an extension that is not there is a failed start", () => {
    expect(() => makeExporter(type, { ...to(9), auth }, signal)).toThrow(/no extension setter sets headers/);
  });
});

test("a tenant's data goes to Loki under its own name, whatever the client sent", async () => {
  const stub = await stubHttp();
  const by = () => (headers: Map<string, string>) => void headers.set("x-scope-orgid", "other");
  const exporter = makeExporter(loki, { endpoint: `http://127.0.0.1:${stub.port}`, auth }, "logs", undefined, by);
  for (const tenant of ["site-a", "default"]) {
    await exporter.deliver({ ...sampleBatch("logs"), tenant }, new AbortController().signal);
  }
  await exporter.close();
  expect(stub.received.map(({ headers }) => headers["x-scope-orgid"])).toEqual(["site-a", "other"]);
  await stub.stop();
});

test("a header that gRPC cannot send is a failed start", () => {
  const by = () => (headers: Map<string, string>) => void headers.set("x!", "1");
  const raw = { endpoint: "127.0.0.1:9", tls: { insecure: true }, auth };
  expect(() => makeExporter(otlp, raw, "traces", undefined, by)).toThrow(/x! is not a header that gRPC can send/);
});
