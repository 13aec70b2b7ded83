/** SDKs as their users install them, through `rondo up`, into a backend. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needs } from "../needs.ts";
import { type OtlpServer, serveHttp } from "../rig/otlp-server.ts";
import { choosePorts, type Ports, prepareRondo, type RondoProcess } from "../rig/rondo-process.ts";
import { speakPython } from "./python-sdk.ts";
import { type Heard, hear, type Said } from "./said.ts";
import { PROTOCOLS, speak } from "./speak-javascript.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-sdk-"));
let backend: OtlpServer | undefined;
let rondo: RondoProcess | undefined;
let ports: Ports = { grpc: 0, http: 0, metrics: 0, health: 0 };
let heard: Heard = hear();

function yamlOf(at: Ports, to: number): string {
  return `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${at.grpc}"}
      http: {endpoint: "127.0.0.1:${at.http}"}
exporters:
  otlphttp: {endpoint: "http://127.0.0.1:${to}", compression: none}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlphttp]}
    metrics: {receivers: [otlp], exporters: [otlphttp]}
    logs: {receivers: [otlp], exporters: [otlphttp]}
`;
}

beforeAll(async () => {
  heard = hear();
  backend = await serveHttp(0, (signal, body) => {
    heard.take(signal, body);
    return "accepted";
  });
  ports = await choosePorts();
  rondo = prepareRondo(folder, ports, yamlOf(ports, backend.port));
  rondo.launch();
  await rondo.ready();
}, 30_000);

afterAll(async () => {
  await rondo?.stop();
  await backend?.close();
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

/** Waits until everything has arrived; what has after 15 s is compared as it is, so that a failure shows what lacks. */
async function arrives(run: string, said: Said): Promise<void> {
  const lines = (all: Said) => all.traces.length + all.metrics.length + all.logs.length;
  for (let waited = 0; waited < 15_000 && lines(heard.of(run)) < lines(said); waited += 50) await pause(50);
  expect(heard.of(run)).toEqual(said);
}

describe("the JavaScript SDK", () => {
  test.each(Object.keys(PROTOCOLS) as (keyof typeof PROTOCOLS)[])(
    "delivers all three signals over %s",
    async (protocol) => {
      const run = `javascript ${protocol}`;
      await arrives(run, await speak(protocol, ports, run));
    },
  );
});

describe("the Python SDK", () => {
  const testWithPython = needs("python");
  for (const protocol of ["grpc", "http"] as const) {
    // The first run installs the SDK.
    testWithPython(
      `delivers all three signals over ${protocol}`,
      async () => {
        const run = `python ${protocol}`;
        await arrives(run, await speakPython(protocol, protocol === "grpc" ? ports.grpc : ports.http, run));
      },
      400_000,
    );
  }
});
