/**
 * What `rondo up` takes to start and to wait: from the command to an answer on every port, then memory and CPU time at rest.
 * Prints each figure beside its bar and ends with 1 when one is missed. `npm run bench:idle`, on a machine that does nothing else.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SIGNALS } from "@rondo/otlp";
import { buildRequest } from "../chaos/load.ts";
import { grpcClient, httpClient, type OtlpClient } from "../rig/otlp-client.ts";
import { serveGrpc, serveHttp } from "../rig/otlp-server.ts";
import { choosePorts, prepareRondo, type RondoProcess } from "../rig/rondo-process.ts";
import { cpuSeconds, memoryOf } from "./peer/process-figures.ts";

const STARTS = 5;
const SETTLE_MS = 5000;
const REST_MS = 10_000;
const REQUESTS = 300;
const ITEMS = 100;

/** `memoryOf` answers in MiB, the bar is in MB. */
const MB = (1 << 20) / 1e6;

const CONFIG = new URL("../../deploy/examples/otel-collector-config.yaml", import.meta.url);

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The value must not be above it; without one it is only shown. */
  readonly bar?: number;
}

/** An OTLP request without items; a receiver answers it like any other. */
const EMPTY = Buffer.alloc(0);

/** Resolves when `ask` has said yes. Throws after twenty seconds of no. */
async function answered(ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await ask().catch(() => false))) {
    if (performance.now() > deadline) throw new Error("rondo up does not answer");
    await pause(5);
  }
}

/** Milliseconds from the start of the process to an answer of each of its four ports. */
async function startedIn(rondo: RondoProcess): Promise<number> {
  const { grpc, http, metrics, health } = rondo.ports;
  const page = async (port: number, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status === 200;
  const accepts = (client: OtlpClient) => async () => (await client.send("logs", EMPTY)).kind === "accepted";
  const clients = [grpcClient({ port: grpc, timeoutMs: 2000 }), httpClient({ port: http, timeoutMs: 2000 })];
  const began = performance.now();
  rondo.launch();
  await Promise.all([
    ...clients.map((client) => answered(accepts(client))),
    answered(() => page(metrics, "/metrics")),
    answered(() => page(health, "/")),
  ]);
  const ms = performance.now() - began;
  for (const client of clients) client.close();
  return ms;
}

/** Memory and CPU time over ten seconds in which nothing is sent. */
async function atRest({ pid }: RondoProcess, when: string, bars: "bars" | "no bars"): Promise<readonly Figure[]> {
  await pause(SETTLE_MS);
  const before = cpuSeconds(pid);
  await pause(REST_MS);
  const share = ((cpuSeconds(pid) - before) / (REST_MS / 1000)) * 100;
  const { anonymous, rss } = memoryOf(pid);
  return [
    { name: `anonymous memory ${when}`, value: anonymous * MB, unit: "MB", ...(bars === "bars" && { bar: 80 }) },
    { name: `resident memory ${when}`, value: rss * MB, unit: "MB" },
    { name: `CPU ${when}`, value: share, unit: "% of a core", ...(bars === "bars" && { bar: 1 }) },
  ];
}

/** Requests of every signal over both transports, as a fleet sends them: the heap of a process that has worked. */
async function work({ ports }: RondoProcess): Promise<void> {
  const clients = [
    grpcClient({ port: ports.grpc, timeoutMs: 5000 }),
    httpClient({ port: ports.http, timeoutMs: 5000, gzip: true }),
  ];
  for (let index = 0; index < REQUESTS; index++) {
    const signal = SIGNALS[index % SIGNALS.length] ?? "traces";
    const answer = await clients[index % clients.length]?.send(
      signal,
      buildRequest(signal, 1, index * ITEMS, ITEMS, index),
    );
    if (answer?.kind !== "accepted") throw new Error(`a request was not accepted: ${JSON.stringify(answer)}`);
  }
  for (const client of clients) client.close();
}

async function measure(folder: string): Promise<readonly Figure[]> {
  const ports = await choosePorts();
  const backends = [await serveGrpc(0, () => "accepted"), await serveHttp(0, () => "accepted")] as const;
  const yaml = readFileSync(CONFIG, "utf8")
    .replace("0.0.0.0:4317", `127.0.0.1:${ports.grpc}`)
    .replace("0.0.0.0:4318", `127.0.0.1:${ports.http}`)
    .replace("tempo:4317", `127.0.0.1:${backends[0].port}`)
    .replace("http://grafana:3000/api/otlp/v1/metrics", `http://127.0.0.1:${backends[1].port}`);
  // The backends of this rig read no compressed requests.
  const flags = ["otlp/tempo", "otlphttp/grafana"].flatMap((id) => ["--set", `exporters.${id}.compression=none`]);
  const rondo = prepareRondo(folder, ports, yaml, { flags });
  try {
    const starts: number[] = [];
    for (let start = 0; start < STARTS; start++) {
      if (start > 0) await rondo.stop();
      starts.push(await startedIn(rondo));
    }
    return [
      { name: `slowest of ${STARTS} starts`, value: Math.max(...starts), unit: "ms", bar: 1500 },
      { name: "quickest", value: Math.min(...starts), unit: "ms" },
      ...(await atRest(rondo, "after a start", "bars")),
      ...(await work(rondo).then(() => atRest(rondo, `after ${REQUESTS * ITEMS} items`, "no bars"))),
    ];
  } finally {
    await rondo.stop().catch(() => undefined);
    for (const backend of backends) await backend.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), "rondo-idle-"));
try {
  let missed = 0;
  for (const { name, value, unit, bar } of await measure(folder)) {
    const verdict =
      bar === undefined ? "" : value <= bar ? `ok, at most ${bar.toFixed(1)}` : `MISSED, at most ${bar.toFixed(1)}`;
    if (bar !== undefined && value > bar) missed++;
    console.log(`${name.padEnd(36)}${value.toFixed(1).padStart(9)} ${unit.padEnd(12)} ${verdict}`.trimEnd());
  }
  process.exitCode = missed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
