/** Everything that a run over Kafka and Redis needs: servers, backends with ledgers, and Rondo spread over processes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exporterGroup, pipelineGroup } from "@rondo/broker";
import { SIGNALS } from "@rondo/otlp";
import { type Deployment, prepareDeployment } from "../rig/deployment.ts";
import { ownersOf } from "../rig/kafka-groups.ts";
import { seededRandom } from "../rig/random.ts";
import { type RecordingProxy, startRecordingProxy } from "../rig/recording-proxy.ts";
import type { Ports } from "../rig/rondo-process.ts";
import { type Kafka, startAlertmanager, startKafka, startRedis } from "../rig/servers/index.ts";
import { type Backend, startBackend } from "./backend.ts";
import { BEACON_RULES } from "./beacon.ts";
import { partitionOf } from "./clients.ts";
import { chaosYaml, OTLP, OTLP_HTTP, type Shared, sharedYaml } from "./config.ts";
import { type Ledgers, openLedgers } from "./ledgers.ts";
import { PROCESSES } from "./plan.ts";
import { Progress, type Road } from "./progress.ts";

/** Partitions of every topic. */
export const PARTITIONS = 6;
const THREADS = 2;

/** What the raw topics are tallied as. */
export const RAW = "the raw topic";

/** A site that runs. */
export interface Site {
  readonly kafka: Kafka;
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
  readonly alertmanager: Awaited<ReturnType<typeof startAlertmanager>>;
  /** Before Alertmanager. */
  readonly told: RecordingProxy;
  readonly rondo: Deployment;
  readonly ledgers: Ledgers;
  readonly progress: Progress;
  /** Which worker owns each of the two hops of a road, by the client ids of the moment. */
  owners(): Promise<(road: Road) => readonly string[]>;
  close(): Promise<void>;
}

/** What is run there. */
export interface SiteSetup {
  readonly seed: number;
  /** The file of rules: its name, which decides when groups are evaluated, and its text. */
  readonly rules: { readonly file: string; readonly text: string };
  /** Durations of the section `alerts`. */
  readonly times: Pick<Shared, "interval" | "resend" | "lookback">;
  /** The configuration of a process, given the ports of both backends. */
  readonly yaml: (ports: Ports, backends: { readonly grpc: number; readonly http: number }, shared: string) => string;
}

/** The load of chaos with its beacon: two backends, everything enriched. */
export const beaconSetup = (seed: number): SiteSetup => ({
  seed,
  rules: { file: "beacon.yml", text: BEACON_RULES },
  times: { interval: "2s", resend: "5s", lookback: "60s" },
  yaml: chaosYaml,
});

/** Starts it all; resolves when every process says that it is ready. */
export async function openSite(folder: string, { seed, rules, times, yaml }: SiteSetup): Promise<Site> {
  mkdirSync(folder, { recursive: true });
  const closing: (() => Promise<unknown>)[] = [];
  const opened = async <T extends { close(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    closing.push(() => one.close());
    return one;
  };
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end().catch(() => undefined);
  };
  try {
    const [kafka, redis, alertmanager] = await Promise.all([
      opened(startKafka({ nodes: 3 })),
      opened(startRedis()),
      opened(startAlertmanager()),
    ]);
    const told = await opened(startRecordingProxy({ target: alertmanager.port }));
    const progress = new Progress();
    const backend = (exporter: string, transport: "grpc" | "http", salt: number): Promise<Backend> =>
      opened(
        startBackend(transport, join(folder, `${transport}.ledger`), seededRandom(seed * 7 + salt), (signal, items) => {
          const at = performance.now();
          const instances = new Set(items.map(({ stamp }) => Number(stamp.split(":")[1])));
          for (const partition of new Set([...instances].filter(Number.isInteger).map(knownPartition)))
            progress.note({ exporter, signal, partition }, at);
        }),
      );
    const [grpc, http] = [await backend(OTLP, "grpc", 1), await backend(OTLP_HTTP, "http", 2)];
    const files = [
      { exporter: OTLP, path: grpc.ledger.path },
      { exporter: OTLP_HTTP, path: http.ledger.path },
    ];
    const ledgers = openLedgers(folder, files, [RAW]);
    closing.push(async () => ledgers.close());
    const file = join(folder, rules.file);
    writeFileSync(file, rules.text);
    const shared = {
      ...{ brokers: kafka.brokers, partitions: PARTITIONS, redis: redis.url, rules: file, alertmanager: told.url },
      ...times,
    };
    const rondo = await prepareDeployment({
      ...{ folder, gateways: PROCESSES.gateway, workers: PROCESSES.worker, threads: THREADS },
      alertWorkers: PROCESSES.alerts,
      yaml: (ports) =>
        yaml(
          ports,
          { grpc: grpc.port, http: http.port },
          sharedYaml({ ...shared, endpoint: `127.0.0.1:${ports.rules}` }),
        ),
    });
    closing.push(() => rondo.kill());
    await rondo.start();
    const owners = async () => {
      const groups = SIGNALS.flatMap((signal) => [
        pipelineGroup(signal),
        ...[OTLP, OTLP_HTTP].map((exporter) => exporterGroup(signal, exporter)),
      ]);
      const found = await ownersOf(kafka.brokers, groups);
      return ({ exporter, signal, partition }: Road) =>
        [pipelineGroup(signal), exporterGroup(signal, exporter)].map((group) => found.get(group)?.get(partition) ?? "");
    };
    return { kafka, redis, alertmanager, told, rondo, ledgers, progress, owners, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

const partitionsOf = new Map<number, number>();

function knownPartition(instance: number): number {
  const known = partitionsOf.get(instance) ?? partitionOf(instance, PARTITIONS);
  partitionsOf.set(instance, known);
  return known;
}
