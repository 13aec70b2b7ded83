/**
 * How much faster two threads of a worker drain a backlog than one: a gateway fills a topic and ends, and a worker whose pipeline burns
 * about a millisecond of CPU a record takes it to a sink. One thread, two, two, one, each on a fresh Kafka. Ends with 1 when the bar is
 * missed. `npm run bench:threads`, on a machine that does nothing else; `-- --requests N` for a longer backlog.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { countItems } from "@rondo/otlp";
import { httpClient } from "../rig/otlp-client.ts";
import { type OtlpServer, serveHttp } from "../rig/otlp-server.ts";
import { choosePorts, prepareRondo } from "../rig/rondo-process.ts";
import { startKafka } from "../rig/servers/index.ts";
import { kafkaSection } from "./peer/configurations.ts";
import { buildCorpus } from "./peer/corpus.ts";
import { cpuSeconds } from "./peer/process-figures.ts";

const BAR = 1.5;
const PARTITIONS = 6;
const SPANS = 10;
/** As many as partitions, so that a record is a request or two. */
const CONNECTIONS = PARTITIONS;
const TURNS = [1, 2, 2, 1];
const DRAIN_MS = 300_000;
/** Expressions that every span is searched with: for a record of one request they come to about a millisecond. */
const EXTRACTS: Readonly<Record<string, string>> = {
  "url.path": "^/v1/rounds/(?P<burnt_round>[0-9]+)/updates/(?P<burnt_update>[0-9a-f]+)$",
  "user_agent.original": "(?P<burnt_client>[a-z-]+)/(?P<burnt_version>[0-9.]+) .*python (?P<burnt_python>[0-9.]+)",
  "fl.strategy": "(?P<burnt_strategy>[a-z-]+)[.](?P<burnt_rate>[0-9.]+), (?P<burnt_term>[a-z]+)",
};

/** How often. */
const TIMES = 4;

/** What one turn came to. */
interface Drained {
  readonly seconds: number;
  /** CPU milliseconds of the worker for a request of the load. */
  readonly cpuMs: number;
}

const yamlOf = (port: number, backend: number, brokers: readonly string[]) => `${kafkaSection(brokers, PARTITIONS)}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
processors:
  attributes:
    actions:
${Object.entries(EXTRACTS)
  .flatMap(([key, pattern]) =>
    Array<string>(TIMES).fill(`      - {key: ${key}, pattern: '${pattern}', action: extract}`),
  )
  .join("\n")}
exporters: {otlphttp: {endpoint: "http://127.0.0.1:${backend}", compression: none}}
service: {pipelines: {traces: {receivers: [otlp], processors: [attributes], exporters: [otlphttp]}}}
`;

/** Fills the raw topic through a gateway, which is gone afterwards. */
async function preload(folder: string, yaml: string, ports: Awaited<ReturnType<typeof choosePorts>>, requests: number) {
  mkdirSync(folder);
  const gateway = prepareRondo(folder, ports, yaml, { command: "gateway" });
  gateway.launch();
  await gateway.ready();
  const { templates } = buildCorpus("traces", SPANS, 1);
  const client = httpClient({ port: ports.http, timeoutMs: 30_000, connections: CONNECTIONS });
  let next = 0;
  const connection = async () => {
    while (next < requests) {
      const body = templates[next++ % templates.length]?.body ?? Buffer.alloc(0);
      const answer = await client.send("traces", body);
      if (answer.kind !== "accepted") throw new Error(`the gateway did not take a request: ${JSON.stringify(answer)}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  client.close();
  await gateway.stop();
}

/** Drains what is there with so many threads, from its readiness to the last span at the sink. */
async function drain(threads: number, requests: number): Promise<Drained> {
  const folder = mkdtempSync(join(tmpdir(), "rondo-threads-"));
  const kafka = await startKafka({ heapMib: 768, optimised: true });
  let [received, last] = [0, 0];
  const sink: OtlpServer = await serveHttp(0, (_signal, body) => {
    last = performance.now();
    received += countItems("traces", body);
    return "accepted";
  });
  try {
    const ports = await choosePorts();
    const yaml = yamlOf(ports.http, sink.port, kafka.brokers);
    await preload(join(folder, "gateway"), yaml, ports, requests);
    mkdirSync(join(folder, "worker"));
    const flags = ["--threads", String(threads)];
    const worker = prepareRondo(join(folder, "worker"), ports, yaml, { command: "worker", flags });
    worker.launch();
    await worker.ready();
    const first = performance.now();
    const before = cpuSeconds(worker.pid);
    const deadline = performance.now() + DRAIN_MS;
    while (received < requests * SPANS) {
      if (performance.now() > deadline) throw new Error(`${received} spans after ${DRAIN_MS} ms:\n${worker.logTail()}`);
      await pause(50);
    }
    const cpuMs = ((cpuSeconds(worker.pid) - before) * 1_000) / requests;
    await worker.stop();
    return { seconds: (last - first) / 1_000, cpuMs };
  } finally {
    await sink.close();
    await kafka.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { requests: { type: "string", default: "12000" } } });
const requests = Number(values.requests);
const seconds = new Map<number, number[]>();
for (const threads of TURNS) {
  const { seconds: took, cpuMs } = await drain(threads, requests);
  seconds.set(threads, [...(seconds.get(threads) ?? []), took]);
  const rate = ((requests * SPANS) / took).toFixed(0);
  console.log(
    `${threads} thread(s): ${took.toFixed(1)} s, ${rate} spans/s, ${cpuMs.toFixed(2)} ms of CPU a request of ${SPANS} spans`,
  );
}
const mean = (threads: number) => {
  const all = seconds.get(threads) ?? [];
  return all.reduce((sum, one) => sum + one, 0) / all.length;
};
const ratio = mean(1) / mean(2);
console.log(`ratio ${ratio.toFixed(2)} (bar ${BAR})`);
process.exitCode = ratio >= BAR ? 0 : 1;
