/** Kafka, Redis and Alertmanager, and Rondo spread over processes between them: where a run takes place. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Deployment, prepareDeployment } from "../rig/deployment.ts";
import { type RecordingProxy, startRecordingProxy } from "../rig/recording-proxy.ts";
import type { Ports } from "../rig/rondo-process.ts";
import { type Kafka, startAlertmanager, startKafka, startRedis } from "../rig/servers/index.ts";
import { type Shared, sharedYaml } from "./config.ts";
import { PROCESSES, type Victim } from "./plan.ts";

/** Partitions of every topic. */
export const PARTITIONS = 6;
const THREADS = 2;

/** A site that runs. */
export interface Site {
  readonly kafka: Kafka;
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
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
  try {
    const [kafka, redis, alertmanager] = await Promise.all([
      opened.add(startKafka({ nodes: 3 })),
      opened.add(startRedis()),
      opened.add(startAlertmanager()),
    ]);
    const told = await opened.add(startRecordingProxy({ target: alertmanager.port }));
    const file = join(folder, rules.file);
    writeFileSync(file, rules.text);
    const shared = {
      ...{ brokers: kafka.brokers, partitions: PARTITIONS, redis: redis.url, rules: file, alertmanager: told.url },
      ...times,
    };
    const rondo = await prepareDeployment({
      ...{ folder, gateways: processes.gateway, workers: processes.worker, threads: THREADS },
      alertWorkers: processes.alerts,
      yaml: (ports) => yaml(ports, sharedYaml({ ...shared, endpoint: `127.0.0.1:${ports.rules}` })),
    });
    await opened.add({ close: () => rondo.kill() });
    await rondo.start();
    return { kafka, redis, alertmanager, told, rondo, close: () => opened.close() };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}
