/** Two backends that write down what they get, their ledgers read together with the clients', and when each partition got on. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../rig/random.ts";
import { type Backend, startBackend } from "./backend.ts";
import { partitionOf } from "./clients.ts";
import { OTLP, OTLP_HTTP } from "./config.ts";
import { Opened, PARTITIONS } from "./kafka-site.ts";
import { type DeliveryFile, type Ledgers, openLedgers } from "./ledgers.ts";
import { Progress } from "./progress.ts";

/** The exporters of a run over Kafka. */
export const EXPORTERS = [OTLP, OTLP_HTTP] as const;

/** What the raw topics are tallied as. */
export const RAW = "the raw topic";

/** Everything that is written down. */
export interface WrittenDown {
  readonly backends: Readonly<Record<(typeof EXPORTERS)[number], Backend>>;
  /** The ports of the backends. */
  readonly grpc: number;
  readonly http: number;
  readonly ledgers: Ledgers;
  readonly progress: Progress;
  close(): Promise<void>;
}

/** What is written down besides. */
export interface WrittenBesides {
  /** Partitions of the log: the same as of a site unless given. */
  readonly partitions?: number;
  /** Other exporters' files. */
  readonly files?: readonly DeliveryFile[];
  /** What is tallied as exporters are, and told of by its reader. */
  readonly others?: readonly string[];
  /** Whether the tally is told of dead letters; then what was refused for good must stand among them. */
  readonly letters?: boolean;
}

/** Opens the backends, with ledgers in `folder`. */
export async function openWrittenDown(
  folder: string,
  seed: number,
  { partitions = PARTITIONS, files: more = [], others = [RAW], letters = false }: WrittenBesides = {},
): Promise<WrittenDown> {
  mkdirSync(folder, { recursive: true });
  const opened = new Opened();
  const progress = new Progress();
  const partitionsOf = new Map<string, number>();
  const partition = (instance: string) => {
    const known = partitionsOf.get(instance) ?? partitionOf(Number(instance), partitions);
    partitionsOf.set(instance, known);
    return known;
  };
  const backend = (exporter: string, transport: "grpc" | "http", salt: number) =>
    startBackend(transport, join(folder, `${transport}.ledger`), seededRandom(seed * 7 + salt), (signal, items) => {
      const at = performance.now();
      const instances = items
        .map(({ stamp }) => stamp.split(":")[1] ?? "")
        .filter((instance) => /^\d+$/.test(instance));
      for (const one of new Set(instances.map(partition))) progress.note({ exporter, signal, partition: one }, at);
    });
  const grpc = await opened.add(backend(OTLP, "grpc", 1));
  const http = await opened.add(backend(OTLP_HTTP, "http", 2));
  const files = [
    { exporter: OTLP, path: grpc.ledger.path, refusals: grpc.refusals.path },
    { exporter: OTLP_HTTP, path: http.ledger.path, refusals: http.refusals.path },
    ...more,
  ];
  const ledgers = await opened.add(openLedgers(folder, files, others, letters));
  const backends = { [OTLP]: grpc, [OTLP_HTTP]: http };
  return { backends, grpc: grpc.port, http: http.port, ledgers, progress, close: () => opened.close() };
}
