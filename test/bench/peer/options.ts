/** The command line of the peer bench. */
import { parseArgs } from "node:util";
import { SIGNALS, type Signal } from "@rondo/otlp";
import {
  type Arm,
  KAFKA_COMPRESSIONS,
  type KafkaCompression,
  type Protocol,
  QUEUES,
  type Queue,
  TOPOLOGIES,
  type Topology,
} from "./plan.ts";

/** What a bench is asked to do. */
export interface BenchOptions {
  readonly topology: Topology;
  readonly signal: Signal;
  readonly size: number;
  readonly gzip: boolean;
  /** How both arms compress what they write to Kafka, by Kafka's name. */
  readonly kafkaCompression: KafkaCompression;
  readonly queue: Queue;
  readonly rounds: number;
  readonly protocol: Protocol;
  readonly itemsPerSecond: number;
  readonly idleSeconds: number;
  readonly warmSeconds: number;
  readonly measureSeconds: number;
  readonly seed: number;
  /** Where Rondo's CPU profiles go; undefined: none are taken. */
  readonly profile: string | undefined;
  /** What is measured, and what it is divided by. */
  readonly arms: readonly [Arm, Arm];
}

/** What `--help` prints. */
export const USAGE = `usage: npm run bench:peer -- [options]

Compares CPU time and memory of Rondo and the Collector under the same load. Core 0 belongs to the programs that are
measured, core 1 to the load, the sink and Kafka. One JSON line a round; the last line is the median ratio of CPU time.

  --topology t0|t1         one process between client and sink, or three hops over Kafka: three Collectors beside
                           rondo gateway and rondo worker (t0)
  --signal NAME            traces, metrics or logs (traces)
  --size N                 items a request (100)
  --protocol http|grpc     in and out (http)
  --gzip                   the client compresses
  --kafka-compression NAME none, gzip, snappy, lz4 or zstd: both arms compress what they write to Kafka (none)
  --collector-queue none|file   where the Collector keeps what it has acknowledged: nowhere, it answers when the sink has; or in
                           a sending queue on file storage, t0 (none)
  --rate N                 items a second (20000)
  --rounds N               each with both arms, in the order A B B A … (2)
  --idle S --warm S --measure S   seconds before the load, of warm-up, and measured (3, 10, 20)
  --seed N                 of the corpus (1)
  --arms A,B               rondo or collector, twice (rondo,collector)
  --profile DIR            write a CPU profile of Rondo for every round, which costs some of what is measured`;

/** A wrong command line; the message says what and names the way out. */
export class UsageError extends Error {}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new UsageError(`--${name} is ${value}; it may be ${allowed.join(", ")}`);
  return found;
}

function count(name: string, value: string, least: number): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < least)
    throw new UsageError(`--${name} is ${value}; it must be a number, ${least} or more`);
  return number;
}

/** Reads the command line; undefined when it asks for help. Throws UsageError. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parse(args);
  if (values.help === true) return undefined;
  const arms = values.arms.split(",").map((arm) => oneOf<Arm>("arms", arm, ["rondo", "collector"]));
  const [first, second, ...more] = arms;
  if (first === undefined || second === undefined || more.length > 0)
    throw new UsageError("--arms takes two names, such as rondo,collector");
  return {
    topology: oneOf("topology", values.topology, TOPOLOGIES),
    signal: oneOf("signal", values.signal, SIGNALS),
    size: count("size", values.size, 1),
    gzip: values.gzip,
    kafkaCompression: oneOf("kafka-compression", values["kafka-compression"], KAFKA_COMPRESSIONS),
    queue: oneOf("collector-queue", values["collector-queue"], QUEUES),
    rounds: count("rounds", values.rounds, 1),
    protocol: oneOf<Protocol>("protocol", values.protocol, ["http", "grpc"]),
    itemsPerSecond: count("rate", values.rate, 1),
    idleSeconds: count("idle", values.idle, 0),
    warmSeconds: count("warm", values.warm, 0),
    measureSeconds: count("measure", values.measure, 1),
    seed: count("seed", values.seed, 0),
    profile: values.profile,
    arms: [first, second],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        topology: { type: "string", default: "t0" },
        signal: { type: "string", default: "traces" },
        size: { type: "string", default: "100" },
        gzip: { type: "boolean", default: false },
        "kafka-compression": { type: "string", default: "none" },
        "collector-queue": { type: "string", default: "none" },
        rounds: { type: "string", default: "2" },
        protocol: { type: "string", default: "http" },
        rate: { type: "string", default: "20000" },
        idle: { type: "string", default: "3" },
        warm: { type: "string", default: "10" },
        measure: { type: "string", default: "20" },
        seed: { type: "string", default: "1" },
        arms: { type: "string", default: "rondo,collector" },
        profile: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
