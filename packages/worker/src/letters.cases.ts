/** Dead letters and backends for tests: a log with letters in it, and an exporter whose backend refuses what it is told to. */
import { deadLetterTopic, enrichedTopic, letterRecord } from "@rondo/broker";
import type { PipelineNode } from "@rondo/config";
import { defineExporter, type Exporter, SETTLED } from "@rondo/core";
import { idsIn, type MemoryBroker, memoryBroker, namedSpans } from "@rondo/testkit";
import { prepareLog } from "./run.ts";

/** The dead letters of pipeline `traces`. */
export const LETTERS = deadLetterTopic(enrichedTopic("traces", "traces"));

/** What backends took, by exporter, and what they refuse. */
export class Backends {
  readonly took = new Map<string, number[]>();
  readonly refuses = new Set<number>();
  started = 0;
  closed = 0;

  /** An exporter type whose instances share these backends. */
  readonly type = defineExporter({
    type: "fake",
    summary: "Delivers to the test.",
    signals: ["traces"],
    fields: {},
    create: (_, { id }): Exporter => ({
      deliver: async ({ body, items }) => {
        const ids = idsIn(body);
        if (ids.some((one) => this.refuses.has(one)))
          return { kind: "settled", drops: [{ reason: "backend_rejected", items, body, together: true }] };
        this.took.set(id, [...(this.took.get(id) ?? []), ...ids]);
        return SETTLED;
      },
      timeoutMs: 0,
      retry: { initialMs: 1, multiplier: 1, maxMs: 1, randomization: 0 },
      start: async () => void this.started++,
      close: async () => void this.closed++,
    }),
  });
}

/** A graph of one pipeline with these exporters. */
export function graphWith({ type }: Backends, exporters: readonly Partial<PipelineNode["exporters"][number]>[]) {
  const nodes = exporters.map((one) => ({ id: "out", type, values: {}, ...one }));
  const pipeline: PipelineNode = {
    id: "traces",
    signal: "traces",
    receivers: ["otlp"],
    processors: [],
    exporters: nodes,
  };
  return { pipelines: [pipeline], extensions: [], receivers: [], notYet: [], warnings: [] };
}

/** A log with the topics of pipeline `traces`. */
export async function logOf(graph: ReturnType<typeof graphWith>, partitions = 1): Promise<MemoryBroker> {
  const broker = memoryBroker({ partitions });
  // prepareLog reads the pipelines alone.
  await prepareLog(graph as unknown as Parameters<typeof prepareLog>[0], broker);
  return broker;
}

/** Puts a letter of these spans into a log. */
export async function putLetter(broker: MemoryBroker, ids: readonly number[], more: Partial<LetterLike> = {}) {
  const { partition = 0, topic = LETTERS, exporter = "out", ...headers } = more;
  const about = {
    pipeline: "traces",
    ...(exporter !== null && { exporter }),
    reason: "backend_rejected",
    tenant: "default",
  };
  const whole = { ...about, origin: `${partition}:0:0/1`, first: 0, items: ids.length, at: 1, ...headers };
  await broker.append(topic, partition, [letterRecord(whole, namedSpans(ids.map((id) => `id-${id};`)))]);
}

interface LetterLike {
  readonly topic: string;
  readonly partition: number;
  readonly pipeline: string;
  /** Null: a pipeline's own. */
  readonly exporter: string | null;
  readonly reason: string;
  readonly tenant: string;
  readonly first: number;
}
