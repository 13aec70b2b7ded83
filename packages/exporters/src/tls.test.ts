/** `tls` of the exporters against servers that have a certificate. */
import { createServer as createHttp2, createSecureServer, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server } from "node:https";
import { Fault } from "@rondo/core";
import { makeExporter, sampleBatch } from "@rondo/testkit/exporter-contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { otlp } from "./otlp/exporter.ts";
import { otlphttp } from "./otlphttp/exporter.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "./tls.cases.ts";

describe("against servers with a certificate", () => {
  const options = { key: TEST_KEY, cert: TEST_CERTIFICATE };
  const https = createServer(options, (request, response) => {
    request.resume().on("end", () => response.end());
  });
  const port = (server: Pick<Server, "address">) => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Fault("bug", "no port");
    return address.port;
  };
  beforeAll(() => new Promise<void>((resolve) => void https.listen(0, "127.0.0.1", resolve)));
  afterAll(() => void https.close());

  const send = async (more: object) => {
    const exporter = makeExporter(otlphttp, { endpoint: `https://127.0.0.1:${port(https)}`, tls: more });
    const verdict = await exporter.deliver(sampleBatch("traces"), new AbortController().signal);
    await exporter.close();
    return verdict;
  };

  test("otlphttp trusts what it is told to, refuses others, and skips the check only when asked", async () => {
    expect((await send({ ca_pem: TEST_CERTIFICATE })).kind).toBe("settled");
    expect((await send({ ca_pem: TEST_CERTIFICATE, server_name_override: "backend.test" })).kind).toBe("settled");
    expect(await send({ ca_pem: TEST_CERTIFICATE, server_name_override: "other.test" })).toMatchObject({
      kind: "retry",
    });
    expect(await send({})).toMatchObject({ kind: "retry", fault: { code: "unavailable" } });
    expect((await send({ insecure_skip_verify: true })).kind).toBe("settled");
  });

  test("otlp does the same, and https:// in its endpoint means TLS even with insecure", async () => {
    const server = createSecureServer(options);
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.on("error", () => {});
      stream.resume().on("end", () => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.alloc(5));
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const attempt = async (scheme: string, more: object) => {
      const exporter = makeExporter(otlp, { endpoint: `${scheme}127.0.0.1:${port(server)}`, tls: more });
      const stop = new AbortController();
      const verdict = exporter.deliver(sampleBatch("traces"), stop.signal);
      const timer = setTimeout(() => stop.abort(), 3_000);
      const ended = await verdict;
      clearTimeout(timer);
      await exporter.close();
      return ended.kind === "retry" ? `retry: ${ended.fault.message}` : ended.kind;
    };
    expect(await attempt("", { ca_pem: TEST_CERTIFICATE })).toBe("settled");
    expect(await attempt("https://", { insecure: true, ca_pem: TEST_CERTIFICATE })).toBe("settled");
    expect(await attempt("", { ca_pem: TEST_CERTIFICATE, server_name_override: "backend.test" })).toBe("settled");
    expect(await attempt("", { ca_pem: TEST_CERTIFICATE, server_name_override: "other.test" })).toMatch(
      /retry: .*other\.test/,
    );
    expect(await attempt("", {})).toMatch(/^retry: .*certificate/);
    expect(await attempt("", { insecure_skip_verify: true })).toBe("settled");
    server.close();
  }, 20_000);

  test("plain text is spoken only when asked for", async () => {
    const server = createHttp2();
    let streams = 0;
    server.on("stream", (stream: ServerHttp2Stream) => {
      streams++;
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "14" }, { endStream: true });
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    for (const insecure of [false, true]) {
      const exporter = makeExporter(otlp, { endpoint: `127.0.0.1:${port(server)}`, tls: { insecure } });
      expect(await exporter.deliver(sampleBatch("traces"), AbortSignal.timeout(1_000))).toMatchObject({
        kind: "retry",
      });
      await exporter.close();
      expect(streams).toBe(insecure ? 1 : 0);
    }
    server.close();
  });
});
