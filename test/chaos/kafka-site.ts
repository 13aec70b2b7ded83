/** Kafka, Redis and Alertmanager, and Rondo spread over processes between them: where a run takes place. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Deployment, prepareDeployment } from "../rig/deployment.ts";
import { KafkaReplies } from "../rig/kafka-replies.ts";
import { connectionsOf } from "../rig/process-state.ts";
import { type RecordingProxy, startRecordingProxy } from "../rig/recording-proxy.ts";
import type { Ports } from "../rig/rondo-process.ts";
import { type Kafka, startAlertmanager, startKafka, startRedis } from "../rig/servers/index.ts";
import { startTcpProxy, type TcpProxy } from "../rig/tcp-proxy.ts";
import { type Shared, sharedYaml } from "./config.ts";
import { PROCESSES, type Victim } from "./plan.ts";

/** Partitions of every topic. */
export const PARTITIONS = 6;
const THREADS = 2;

/** A site that runs. Rondo reaches Kafka and Redis through proxies alone. */
export interface Site {
  readonly kafka: Kafka;
  /** Loses answers of Kafka. */
  readonly replies: KafkaReplies;
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
  readonly redisRoad: TcpProxy;
  readonly alertmanager: Awaited<ReturnType<typeof startAlertmanager>>;
  /** Before Alertmanager. */
  readonly told: RecordingProxy;
  readonly rondo: Deployment;
  close(): Promise<void>;
}

/** What is run there. */
export interface SiteSetup {
  /** A folder for everything that processes write. */
  readonly folder: string;
  /** The file of rules: its name, which decides when groups are evaluated, and its text. */
  readonly rules: { readonly file: string; readonly text: string };
  /** Durations of the section `alerts`. */
  readonly times: Pick<Shared, "interval" | "resend" | "lookback">;
  /** The configuration of a process; `shared` is what it has in common with the others. */
  readonly yaml: (ports: Ports, shared: string) => string;
  /** How many processes of each kind; the same as in every plan unless told otherwise. */
  readonly processes?: Readonly<Record<Victim, number>>;
}

/** Things that were opened, to be closed in the reverse order; one that fails does not keep the others open. */
export class Opened {
  readonly #closing: (() => Promise<unknown>)[] = [];

  /** Waits for it, and remembers it. */
  async add<T extends { close(): unknown }>(starting: Promise<T> | T): Promise<T> {
    const one = await starting;
    this.#closing.push(async () => one.close());
    return one;
  }

  async close(): Promise<void> {
    for (const end of this.#closing.splice(0).reverse()) await end().catch(() => undefined);
  }
}

/** Starts it all; resolves when every process says that it is ready. */
export async function openSite(setup: SiteSetup): Promise<Site> {
  const { folder, rules, times, yaml, processes = PROCESSES } = setup;
  mkdirSync(folder, { recursive: true });
  const opened = new Opened();
  const replies = new KafkaReplies();
  try {
    const [kafka, redis, alertmanager] = await Promise.all([
      opened.add(startKafka({ nodes: 3, proxied: true, watch: replies.watch })),
      opened.add(startRedis({ flags: ["--enable-debug-command", "yes"] })),
      opened.add(startAlertmanager()),
    ]);
    const redisRoad = await opened.add(startTcpProxy({ target: redis.port }));
    const redisUrl = `redis://127.0.0.1:${redisRoad.port}`;
    const told = await opened.add(startRecordingProxy({ target: alertmanager.port }));
    const file = join(folder, rules.file);
    writeFileSync(file, rules.text);
    const shared = {
      ...{ brokers: kafka.brokers, partitions: PARTITIONS, redis: redisUrl, rules: file, alertmanager: told.url },
      ...times,
    };
    const rondo = await prepareDeployment({
      ...{ folder, gateways: processes.gateway, workers: processes.worker, threads: THREADS },
      alertWorkers: processes.alerts,
      yaml: (ports) => yaml(ports, sharedYaml({ ...shared, endpoint: `127.0.0.1:${ports.rules}` })),
    });
    await opened.add({ close: () => rondo.kill() });
    await rondo.start();
    return { kafka, replies, redis, redisRoad, alertmanager, told, rondo, close: () => opened.close() };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}

/** Who of Rondo reached Kafka or Redis round the proxies, as sentences; and whether nobody is seen to go through them at all. */
export function roundaboutProblems({ kafka, redis, redisRoad, rondo }: Site): readonly string[] {
  const [own, proxies] = [
    new Set([...kafka.ownPorts, redis.port]),
    new Set([...kafka.nodes.map(({ proxy }) => proxy?.port ?? 0), redisRoad.port]),
  ];
  const connections = rondo.all.flatMap(({ role, pid }) => connectionsOf(pid).map(({ remote }) => ({ role, remote })));
  return [
    ...connections
      .filter(({ remote }) => own.has(remote))
      .map(({ role, remote }) => `a process of the role ${role} has a connection to port ${remote}, round the proxies`),
    ...(connections.some(({ remote }) => proxies.has(remote)) ? [] : ["no connection through the proxies was seen"]),
  ];
}
