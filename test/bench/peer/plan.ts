/** The programs that one arm consists of in a topology, each with its configuration: what is started, and nothing of how. */
import { join } from "node:path";
import type { Signal } from "@rondo/otlp";
import { tool } from "../../needs.ts";
import { freePorts } from "../../rig/free-port.ts";
import type { BenchKafka } from "./bench-kafka.ts";
import {
  COLLECTOR_GROUPS,
  COLLECTOR_TOPICS,
  collectorHops,
  kafkaSection,
  pipelineYaml,
  queuedYaml,
} from "./configurations.ts";

/** What can be compared. */
export type Arm = "rondo" | "collector";
/** The transport in and out. */
export type Protocol = "http" | "grpc";
/** One process between client and sink, or three hops over Kafka: in, enriched, out. */
export const TOPOLOGIES = ["t0", "t1"] as const;
/** See `TOPOLOGIES`. */
export type Topology = (typeof TOPOLOGIES)[number];

/** How what is written to Kafka may be compressed. */
export const KAFKA_COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
/** See `KAFKA_COMPRESSIONS`. */
export type KafkaCompression = (typeof KAFKA_COMPRESSIONS)[number];

/** Where one Collector keeps what it has acknowledged. */
export const QUEUES = ["none", "file"] as const;
/** See `QUEUES`. */
export type Queue = (typeof QUEUES)[number];

/** Partitions of every topic of the three hops. */
export const PARTITIONS = 6;

/** What an arm is started with. */
export interface SubjectOptions {
  readonly arm: Arm;
  readonly topology: Topology;
  readonly signal: Signal;
  readonly protocol: Protocol;
  /** Of the Collector that stands alone. */
  readonly queue: Queue;
  /** The sink's port. */
  readonly backend: number;
  /** Where Rondo writes CPU profiles when it ends, a folder for each process. */
  readonly profile?: string | undefined;
  /** An empty folder for configuration, logs and data. */
  readonly folder: string;
  /** What the three hops share; undefined when the topology has no Kafka. */
  readonly kafka?: BenchKafka | undefined;
  readonly kafkaCompression: KafkaCompression;
}

/** One program to be started. */
export interface ProcessPlan {
  /** Its part in the arm, and the name of its files. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly variables: Readonly<Record<string, string>>;
  /** Contents of files in the arm's folder, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether it does its work; asked until it is so. A rejection means no. */
  readonly serves: () => Promise<boolean>;
}

/** An arm: its programs in the order in which they start, and the port that takes the load. */
export interface Plan {
  readonly port: number;
  readonly processes: readonly ProcessPlan[];
}

/** Plans an arm on free ports; creates the topics that its programs do not create themselves. */
export async function planSubject(options: SubjectOptions): Promise<Plan> {
  const [port = 0, ...others] = await freePorts(7);
  const processes =
    options.arm === "rondo" ? planRondo(options, port, others) : await planCollector(options, port, others);
  return { port, processes };
}

function planRondo(options: SubjectOptions, port: number, ports: readonly number[]): readonly ProcessPlan[] {
  const { kafka, kafkaCompression, folder } = options;
  const section = kafka === undefined ? "" : kafkaSection(kafka.brokers, PARTITIONS, kafkaCompression);
  const yaml = pipelineYaml(options, port) + section;
  const roles = kafka === undefined ? ["up"] : ["gateway", "worker"];
  return roles.map((role, index) => {
    const [metrics = 0, health = 0] = ports.slice(index * 2);
    const addresses = ["--metrics-address", `127.0.0.1:${metrics}`, "--health-address", `127.0.0.1:${health}`];
    return {
      name: role,
      command: [
        new URL("../../../packages/cli/bin/rondo", import.meta.url).pathname,
        role,
        "--config",
        join(folder, "pipeline.yaml"),
        "--data",
        join(folder, "data"),
        ...addresses,
      ],
      variables:
        options.profile === undefined
          ? {}
          : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(options.profile, role)}` },
      files: { "pipeline.yaml": yaml },
      serves: async () => {
        const answer = await fetch(`http://127.0.0.1:${health}/`);
        await answer.arrayBuffer();
        return answer.status === 200;
      },
    };
  });
}

/** The Collector's own metrics, at the level and on the kind of port that Rondo has its own on. */
function telemetryYaml(port: number): string {
  return `service:
  telemetry:
    metrics:
      level: basic
      readers:
        - pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}
`;
}

async function planCollector(
  options: SubjectOptions,
  port: number,
  ports: readonly number[],
): Promise<readonly ProcessPlan[]> {
  const { kafka, kafkaCompression, folder } = options;
  await kafka?.createTopics(COLLECTOR_TOPICS, PARTITIONS);
  const hops =
    kafka === undefined
      ? { collector: alone(options, port) }
      : collectorHops(options, port, kafka.brokers, kafkaCompression);
  const groups: Readonly<Record<string, string>> = COLLECTOR_GROUPS;
  return Object.entries(hops).map(([name, yaml], index) => {
    const files = { [`${name}.yaml`]: yaml, [`${name}-telemetry.yaml`]: telemetryYaml(ports[index] ?? 0) };
    const group = groups[name];
    return {
      name,
      command: [tool("otelcol"), ...Object.keys(files).flatMap((file) => ["--config", join(folder, file)])],
      variables: { GOMAXPROCS: "1" },
      files,
      // What reads Kafka takes no connections: it serves as soon as it has its partitions.
      serves: () => (kafka === undefined || group === undefined ? listens(port) : kafka.isStable(group)),
    };
  });
}

/** One Collector between client and sink. */
function alone(options: SubjectOptions, port: number): string {
  return options.queue === "file" ? queuedYaml(options, port, options.folder) : pipelineYaml(options, port);
}

/** Whether something takes connections on a port of loopback. */
async function listens(port: number): Promise<boolean> {
  const { connect } = await import("node:net");
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      resolve(true);
      socket.destroy();
    });
  });
}
