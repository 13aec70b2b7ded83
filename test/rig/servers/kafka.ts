/** Kafka (KRaft) for tests: one node, or three with replication 3 and `min.insync.replicas` 2 whose nodes fail one by one. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { type Admin, Kafka as Client, logLevel } from "kafkajs";
import { tool } from "../../needs.ts";
import { freePorts } from "../free-port.ts";
import { startTcpProxy, type TcpProxy, type Watch } from "../tcp-proxy.ts";
import { formatProperties, type KafkaListener, type KafkaPorts, kafkaProperties } from "./kafka-properties.ts";
import { removeFolder, type ServerProcess, serverFolder, startServer } from "./server-process.ts";

/** The versions that there are; each is a tool that a test must ask for, as in `needs("kafka-3.9")`. */
const TOOLS = { "4.1.1": "kafka", "3.9.1": "kafka-3.9" } as const;

/** Any cluster id will do: a cluster of ours is alone. */
const CLUSTER_ID = "AAAAAAAAQACAAAAAAAAAAQ";

const IN_SYNC_MS = 120_000;

/** What a test may want to be different. */
export interface KafkaOptions {
  readonly version?: keyof typeof TOOLS;
  readonly nodes?: 1 | 3;
  /** Clients are led through a proxy before every node: see `brokers` and `KafkaNode.proxy`. */
  readonly proxied?: boolean;
  /** Makes what watches a connection through a proxy. */
  readonly watch?: () => Watch;
  /** Further lines of server.properties, by name; they win. */
  readonly config?: Readonly<Record<string, string | number>>;
  /** Listeners besides the one that tests use; with one node only. */
  readonly listeners?: readonly KafkaListener[];
  /** Users that the cluster begins with, as `SCRAM-SHA-512=[name=u,password=p]`. */
  readonly scram?: readonly string[];
  /** The Java heap of a node, MiB; 256 unless told otherwise. */
  readonly heapMib?: number;
  /** Lets Java optimise all it can, for long load; it costs each node a second of CPU at its start. */
  readonly optimised?: boolean;
}

/** One node; `stop`, `kill` and `start` keep its data. */
export interface KafkaNode extends ServerProcess {
  readonly id: number;
  /** The port of its direct listener. */
  readonly port: number;
  /** Its own folder; partitions are under `data`. */
  readonly folder: string;
  /** The proxy through which `brokers` leads to it; undefined unless `proxied`. It stays while the node is down. */
  readonly proxy: TcpProxy | undefined;
}

/** A cluster that runs. */
export interface Kafka {
  /** What clients are given: `127.0.0.1:<port>` of each node, or of the proxy before each. */
  readonly brokers: readonly string[];
  /** Every port on which a node listens itself: a client that has a connection to one went round the proxies. */
  readonly ownPorts: readonly number[];
  /** The same without proxies. */
  readonly direct: readonly string[];
  /** In the order of their ids, which count from one. */
  readonly nodes: readonly KafkaNode[];
  /** Resolves when every partition of every topic has all its replicas in sync. Throws when that takes longer than two minutes. */
  inSync(): Promise<void>;
  /** Runs one of Kafka's own tools, by the name of its class; resolves with what it printed. */
  run(tool: string, given: readonly string[]): Promise<string>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** Starts Kafka on free ports of loopback. Resolves when every node knows every other. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const jars = join(tool(TOOLS[options.version ?? "4.1.1"]), "*");
  const quick = options.optimised === true ? [] : ["-XX:TieredStopAtLevel=1"];
  const java = (heapMib: number) => [`-Xmx${heapMib}m`, "-XX:+UseSerialGC", ...quick, "-cp", jars];
  const users = (options.scram ?? []).flatMap((user) => ["--add-scram", user]);
  const folder = serverFolder("kafka");
  const { cluster, proxies } = await choosePorts(options);
  const started: KafkaNode[] = [];
  let together = true;

  const startNode = async (id: number) => {
    const own = join(folder, String(id));
    const file = join(own, "server.properties");
    mkdirSync(own);
    const properties = {
      ...kafkaProperties(id, cluster, options.listeners),
      "log.dirs": join(own, "data"),
      ...options.config,
    };
    writeFileSync(file, formatProperties(properties));
    const format = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", file, ...users];
    await promisify(execFile)("java", [...java(128), ...format]);
    const port = cluster[id - 1]?.direct ?? 0;
    const server = await startServer({
      name: `kafka node ${id}`,
      folder: own,
      command: [
        "java",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ...java(options.heapMib ?? 256),
        "kafka.Kafka",
        file,
      ],
      // A node that comes back need not wait for others that are down.
      serves: () => knowsNodes(port, together ? cluster.map((_, index) => index + 1) : [id]),
    });
    started.push(Object.assign(server, { id, port, folder: own, proxy: proxies[id - 1] }));
  };
  const close = async () => {
    await Promise.all([...started.map((node) => node.kill()), ...proxies.map((proxy) => proxy.close())]);
    removeFolder(folder);
  };
  const outcomes = await Promise.allSettled(cluster.map((_, index) => startNode(index + 1)));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  together = false;
  const direct = cluster.map((ports) => `127.0.0.1:${ports.direct}`);
  return {
    brokers: proxies.length === 0 ? direct : proxies.map(({ port }) => `127.0.0.1:${port}`),
    ownPorts: cluster.flatMap(({ direct: port, control, proxied }) => [port, control, proxied?.listens ?? port]),
    direct,
    nodes: started.toSorted((one, other) => one.id - other.id),
    inSync: () => waitInSync(direct),
    run: async (name, given) => (await promisify(execFile)("java", [...java(128), name, ...given])).stdout,
    close,
  };
}

/** Ports for every node, and the proxies when there are to be any. */
async function choosePorts({ nodes = 1, proxied = false, watch }: KafkaOptions) {
  const ports = await freePorts(nodes * 3);
  const proxies: TcpProxy[] = [];
  const cluster: KafkaPorts[] = [];
  for (let index = 0; index < nodes; index++) {
    const [direct = 0, control = 0, listens = 0] = ports.slice(index * 3);
    if (proxied) {
      const proxy = await startTcpProxy({ target: listens, ...(watch && { watch }) });
      proxies.push(proxy);
      cluster.push({ direct, control, proxied: { listens, advertises: proxy.port } });
    } else cluster.push({ direct, control });
  }
  return { cluster, proxies };
}

/** Asks brokers something, over connections of its own. Rejects when they do not answer at once. */
async function ask<T>(brokers: readonly string[], question: (admin: Admin) => Promise<T>): Promise<T> {
  const client = new Client({
    brokers: [...brokers],
    clientId: "rig",
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 3000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    return await question(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Whether a node answers, has a controller and knows those nodes as alive. */
function knowsNodes(port: number, ids: readonly number[]): Promise<boolean> {
  return ask([`127.0.0.1:${port}`], async (admin) => {
    const { brokers, controller } = await admin.describeCluster();
    return controller !== null && ids.every((id) => brokers.some(({ nodeId }) => nodeId === id));
  });
}

async function waitInSync(brokers: readonly string[]): Promise<void> {
  const deadline = performance.now() + IN_SYNC_MS;
  const inSync = async (admin: Admin) => {
    const { topics } = await admin.fetchTopicMetadata();
    return topics.flatMap(({ partitions }) => partitions).every(({ isr, replicas }) => isr.length === replicas.length);
  };
  while (!(await ask(brokers, inSync).catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`replicas are not in sync after ${IN_SYNC_MS} ms`);
    await pause(200);
  }
}
