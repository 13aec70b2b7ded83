/**
 * Profiles from clients to backends, behind their gate: every request arrives in its very bytes and alone, since two of them joined
 * would be one that means something else; also when the process is killed between its answer and the delivery.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { profilesRequest } from "@rondo/testkit";
import { type StubBackend, stubGrpc, stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, onTestFinished, test } from "vitest";
import { grpcClient, httpClient } from "../rig/otlp-client.ts";
import { choosePorts, type Ports, prepareRondo } from "../rig/rondo-process.ts";
import { testFolder } from "./road.ts";
import { runRondo } from "./run-rondo.ts";

const GATE = "--feature-gates=service.profilesSupport";

const yaml = (ports: Pick<Ports, "grpc" | "http">, backends: readonly StubBackend[], capture: string) => `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${ports.grpc}"}
      http: {endpoint: "127.0.0.1:${ports.http}"}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 512}
  batch: {send_batch_size: 1000, timeout: 200ms}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:${backends[0]?.port ?? 9}", retry_on_failure: {initial_interval: 100ms}}
  otlp: {endpoint: "127.0.0.1:${backends[1]?.port ?? 9}", tls: {insecure: true}, retry_on_failure: {initial_interval: 100ms}}
  debug: {capture_file: ${JSON.stringify(capture)}}
service:
  pipelines:
    profiles: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp_http, debug, otlp]}
`;

/** Each body once, in an order of its own. */
const distinct = (bodies: readonly Buffer[]) => [...new Set(bodies.map((body) => body.toString("hex")))].sort();

/** The bodies in a debug exporter's capture; a line that is still being written is none. */
function captured(file: string): readonly Buffer[] {
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    // Written by the exporter, one request a line.
    const { body }: { readonly body: string } = JSON.parse(line);
    return Buffer.from(body, "base64");
  });
}

test("what was acknowledged arrives byte by byte and alone over both transports, kill -9 or not", async () => {
  const folder = testFolder();
  const capture = join(folder, "debug.ndjson");
  const backends = [await stubHttp(), await stubGrpc()];
  const ports = await choosePorts();
  const rondo = prepareRondo(folder, ports, yaml(ports, backends, capture), { flags: [GATE] });
  onTestFinished(async () => {
    await rondo.kill().catch(() => undefined);
    for (const backend of backends) await backend.stop();
  });
  // Whatever is tried before the kill is tried again: nobody has taken it.
  for (const backend of backends) backend.behave({ kind: "later", afterMs: 50 });
  rondo.launch();
  await rondo.ready();
  const clients = [
    httpClient({ port: ports.http, timeoutMs: 10_000, gzip: true }),
    grpcClient({ port: ports.grpc, timeoutMs: 10_000 }),
  ];
  const sent = Array.from({ length: 40 }, (_, index) => profilesRequest(`stack-${index}`, 1 + (index % 3)));
  const answers = await Promise.all(sent.map((body, index) => clients[index % 2]?.send("profiles", body)));
  expect(answers).toEqual(sent.map(() => ({ kind: "accepted" })));
  const accepted = (await rondo.metrics()).filter(({ name }) => name === "rondo_items_accepted_total");
  expect(accepted.map(({ labels, value }) => [labels.get("signal"), value])).toEqual([["profiles", 79]]);
  await rondo.kill();
  for (const client of clients) client.close();
  for (const backend of backends) backend.behave({ kind: "accept" });
  rondo.launch();
  await rondo.ready();
  for (const backend of backends) {
    const bodies = () => backend.received.map(({ body }) => body);
    await expect.poll(() => distinct(bodies()), { timeout: 20_000 }).toEqual(distinct(sent));
    expect(new Set(backend.received.map(({ signal }) => signal))).toEqual(new Set(["profiles"]));
  }
  await expect.poll(() => distinct(captured(capture)), { timeout: 20_000 }).toEqual(distinct(sent));
  expect(await rondo.stop()).toBe(0);
});

test("without the gate the pipeline is refused by a line that names it, and with it it is valid", async () => {
  const config = join(testFolder(), "rondo.yaml");
  writeFileSync(config, yaml({ grpc: 0, http: 0 }, [], "debug.ndjson"));
  const refused = await runRondo(["validate", "--config", config]);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(`start with ${GATE}`)]);
  const taken = await runRondo(["validate", "--config", config, GATE]);
  expect([taken.code, taken.err]).toEqual([0, ""]);
});
