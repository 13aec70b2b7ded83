/** Reads the dead letters of a configuration's topics: oldest first in each partition, as many as there are, one fetch at a time. */
import {
  type Broker,
  deadLetterTopic,
  type LetterHeaders,
  type LogRecord,
  RAW_TOPICS,
  readLetter,
} from "@rondo/broker";
import type { Graph } from "@rondo/config";
import { Fault } from "@rondo/core";
import { CARRIED, type Carried } from "@rondo/otlp";
import { topicOfPipeline } from "./groups.ts";
import { LetterMarks } from "./letter-marks.ts";
import { readBelow } from "./read-below.ts";

/** One dead letter as it stands in the log. */
export interface StoredLetter {
  readonly topic: string;
  readonly partition: number;
  readonly signal: Carried;
  readonly record: LogRecord;
  readonly headers: LetterHeaders;
  /** It was replayed or dropped. */
  readonly isDone: boolean;
}

/** Which letters are meant; what is absent is any. */
export interface LetterFilter {
  readonly pipeline?: string;
  readonly exporter?: string;
  readonly reason?: string;
  readonly tenant?: string;
  /** Those set aside at this time or later, milliseconds since the epoch. */
  readonly since?: number;
  /** One letter, by its place. */
  readonly at?: { readonly topic: string; readonly partition: number; readonly offset: number };
}

/** One partition of a dead-letter topic, with what it holds at the moment. */
export interface LetterPartition {
  readonly topic: string;
  readonly signal: Carried;
  readonly partition: number;
  readonly low: number;
  readonly high: number;
  readonly marks: LetterMarks;
}

/** What is read at once, bytes. */
const READ_BYTES = 1 << 20;

/** The partitions that may hold letters, of this configuration's topics and of what was removed from it. Topics that are not there hold none. */
export async function letterPartitions(
  graph: Pick<Graph, "pipelines">,
  broker: Broker,
  { at }: LetterFilter = {},
): Promise<readonly LetterPartition[]> {
  const own = graph.pipelines.flatMap((pipeline) => [RAW_TOPICS[pipeline.signal], topicOfPipeline(pipeline)]);
  const known = [...own, ...(await broker.groups()).map(({ topic }) => topic)];
  const found: LetterPartition[] = [];
  for (const topic of new Set(known.map(deadLetterTopic))) {
    const signal = signalOf(topic);
    if (signal === undefined || (at !== undefined && at.topic !== topic)) continue;
    for (let partition = 0; partition < (await partitionsOf(broker, topic)); partition++) {
      const { low, high } = await broker.watermarks(topic, partition);
      if (at !== undefined && at.partition !== partition) continue;
      found.push({
        topic,
        signal,
        partition,
        low,
        high,
        marks: await LetterMarks.load(broker.state, topic, partition),
      });
    }
  }
  return found;
}

/** The letters of a partition that a filter means, up to what it held when it was looked up. Throws the log's Faults. */
export async function* lettersIn(
  { topic, signal, partition, low, high, marks }: LetterPartition,
  broker: Broker,
  filter: LetterFilter,
): AsyncGenerator<StoredLetter> {
  const { at: place } = filter;
  const end = place === undefined ? high : Math.min(high, place.offset + 1);
  let at = place === undefined ? low : Math.max(low, place.offset);
  while (at < end) {
    const records = await readBelow(broker, { topic, partition, end }, at, READ_BYTES);
    if (records.length === 0) return;
    for (const record of records) {
      if (record.offset >= end) return;
      at = record.offset + 1;
      const headers = readLetter(record);
      if (!isMeant(headers, record, filter)) continue;
      yield { topic, partition, signal, record, headers, isDone: marks.isDone(record) };
    }
  }
}

function isMeant(headers: LetterHeaders, { timestamp }: LogRecord, filter: LetterFilter): boolean {
  const { pipeline, exporter, reason, tenant, since = 0 } = filter;
  const isSame = (wanted: string | undefined, found: string | undefined) => wanted === undefined || wanted === found;
  return (
    isSame(pipeline, headers.pipeline) &&
    isSame(exporter, headers.exporter) &&
    isSame(reason, headers.reason) &&
    isSame(tenant, headers.tenant) &&
    timestamp >= since
  );
}

/** The signal of a topic by its name; undefined for one that holds none of ours. */
function signalOf(topic: string): Carried | undefined {
  return CARRIED.find((signal) => topic.startsWith(`${RAW_TOPICS[signal]}.`));
}

async function partitionsOf(broker: Broker, topic: string): Promise<number> {
  try {
    return await broker.partitions(topic);
  } catch (thrown) {
    if (Fault.from(thrown).code === "not_found") return 0;
    throw thrown;
  }
}
