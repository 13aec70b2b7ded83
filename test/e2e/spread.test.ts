/** The configuration that deploy/ ships, spread over processes, Kafka, Redis and the real backends: what was sent is found there. */
import { readFileSync } from "node:fs";
import { readRecording } from "@rondo/cli";
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";
import { expect } from "vitest";
import { needs } from "../needs.ts";
import { type Deployment, prepareDeployment, type RolePorts } from "../rig/deployment.ts";
import { sumOf } from "../rig/metrics-page.ts";
import {
  startAlertmanager,
  startKafka,
  startLoki,
  startPrometheus,
  startRedis,
  startTempo,
} from "../rig/servers/index.ts";
import { testFolder } from "./road.ts";
import { RECORDING, runRondo } from "./run-rondo.ts";

const YAML = readFileSync(new URL("../../deploy/rondo.yaml", import.meta.url), "utf8");
const RULES = new URL("../../deploy/examples/alerting-rules.yml", import.meta.url).pathname;
const LAST_ACCURACY = 0.9515859766277128;
const ERROR = 17;
const MINUTES = 60_000;
const hex = (id: Uint8Array | undefined) => Buffer.from(id ?? []).toString("hex");

/** Everything that has to end, in the order of its start. */
const opened: (() => Promise<unknown>)[] = [];
const open = async <T extends { close(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting;
  opened.push(() => server.close());
  return server;
};

needs(
  "kafka",
  "redis",
  "prometheus",
  "alertmanager",
  "loki",
  "tempo",
)(
  "two gateways, two workers of two threads and two alert workers: the recorded run is in Tempo, Prometheus and Loki, and the account balances",
  async () => {
    try {
      const [kafka, redis, prometheus, alertmanager, loki, tempo] = await Promise.all([
        open(startKafka({ nodes: 3 })),
        open(startRedis()),
        open(startPrometheus()),
        open(startAlertmanager()),
        open(startLoki()),
        open(startTempo()),
      ]);
      const env = (ports: RolePorts) => ({
        RONDO_OTLP_GRPC: `127.0.0.1:${ports.grpc}`,
        RONDO_OTLP_HTTP: `127.0.0.1:${ports.http}`,
        RONDO_ALERTS: `127.0.0.1:${ports.rules}`,
        TEMPO: `127.0.0.1:${tempo.otlpGrpcPort}`,
        PROMETHEUS: prometheus.url,
        LOKI: loki.url,
        KAFKA_BROKERS: JSON.stringify(kafka.brokers),
        KAFKA_PARTITIONS: "6",
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        RULES,
        ALERTMANAGER: alertmanager.url,
      });
      const rondo = await prepareDeployment({
        folder: testFolder(),
        ...{ gateways: 2, workers: 2, threads: 2, alertWorkers: 2 },
        yaml: () => YAML,
        env,
      });
      opened.push(() => rondo.kill());
      await rondo.start();
      await replayOver(rondo);
      await settled(rondo);
      await Promise.all([metricsIn(prometheus), traceIn(tempo), logsIn(loki)]);
      const [one] = rondo.gateways;
      if (one === undefined) throw new Error("there is no gateway");
      const ledger = await runRondo(["ledger", "--config", one.config], { env: env(one.ports) });
      expect([ledger.code, ledger.out]).toEqual([0, expect.stringContaining("the account balances")]);
      expect(await rondo.stop()).toEqual(rondo.all.map(() => 0));
    } finally {
      for (const close of opened.splice(0).reverse()) await close().catch(() => undefined);
    }
  },
  5 * MINUTES,
);

/** Half of the clients know one gateway, half the other. */
async function replayOver({ gateways }: Deployment): Promise<void> {
  const [http, grpc] = [gateways[0]?.ports.http, gateways[1]?.ports.grpc];
  const to = ["--http", `http://127.0.0.1:${http}`, "--grpc", `127.0.0.1:${grpc}`];
  const sent = await runRondo(["replay-recording", RECORDING, ...to, "--times", "keep", "--speed", "max"], {
    timeoutMs: MINUTES,
  });
  expect([sent.code, sent.out]).toEqual([
    0,
    "271 spans: 271 acknowledged\n151 data points: 151 acknowledged\n63 log records: 63 acknowledged\n",
  ]);
}

/** Each exporter of the file has delivered everything that its signal has. */
async function settled(rondo: Deployment): Promise<void> {
  const delivered = async (component: string) =>
    sumOf(await rondo.metrics(), "rondo_items_delivered_total", { component });
  const waited = { timeout: MINUTES, interval: 500 };
  await expect.poll(() => delivered("otlp_grpc/tempo"), waited).toBe(271);
  await expect.poll(() => delivered("prometheus_remote_write"), waited).toBe(151);
  await expect.poll(() => delivered("loki"), waited).toBe(63);
}

async function itemsOf<S extends "traces" | "logs">(signal: S) {
  const recording = await readRecording(RECORDING);
  return recording
    .filter((one) => one.signal === signal)
    .flatMap(({ body }) => [...decodedItems(signal, decodeRequest(signal, body))].map(({ item }) => item));
}

async function metricsIn(prometheus: Awaited<ReturnType<typeof startPrometheus>>): Promise<void> {
  const recording = await readRecording(RECORDING);
  const points = recording
    .filter(({ signal }) => signal === "metrics")
    .flatMap(({ body }) => [...decodedItems("metrics", decodeRequest("metrics", body))]);
  const last = Math.max(...points.map(({ item }) => Number(item.timeUnixNano) / 1e9));
  const accuracy = () => prometheus.query('training_accuracy{job_id="job-1"}', last + 1);
  await expect.poll(async () => (await accuracy()).map(({ points }) => points[0]?.[1])).toEqual([LAST_ACCURACY]);
}

async function traceIn(tempo: Awaited<ReturnType<typeof startTempo>>): Promise<void> {
  const byTrace = Map.groupBy(await itemsOf("traces"), ({ traceId }) => hex(traceId));
  const [id = "", spans = []] = [...byTrace].sort(([, one], [, other]) => other.length - one.length)[0] ?? [];
  const ids = spans.map(({ spanId }) => hex(spanId)).sort();
  const found = async () => (await tempo.trace(id)).map(({ spanId }) => spanId).sort();
  await expect.poll(found, { timeout: MINUTES, interval: 500 }).toEqual(ids);
}

async function logsIn(loki: Awaited<ReturnType<typeof startLoki>>): Promise<void> {
  const failed = (await itemsOf("logs")).filter(({ severityNumber = 0 }) => severityNumber >= ERROR);
  expect(failed.length).toBeGreaterThan(0);
  for (const { traceId, timeUnixNano, body } of failed) {
    const at = Number(timeUnixNano) / 1e6;
    const query = { logql: `{service_name=~".+"} | trace_id="${hex(traceId)}"`, from: at - 60_000, to: at + 60_000 };
    await expect.poll(async () => (await loki.lines(query)).map(({ line }) => line)).toContain(body?.stringValue);
  }
}
