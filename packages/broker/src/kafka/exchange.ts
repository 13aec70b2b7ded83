/**
 * The three messages that Rondo writes and reads itself, because it wants every partition's own error and no copy of a value:
 * Produce 7, Fetch 11, Metadata 6. Kafka 3.9 and 4.x speak all three. Everything else goes through kafkajs's own messages.
 */
import type { Turn } from "./codecs/codec.ts";
import { type ReadBatches, readBatches } from "./read-batches.ts";
import { type OutRecord, type Packed, RECORD_ROOM, writeBatch } from "./record-batch.ts";
import { WireReader, WireWriter } from "./wire.ts";

/** A request, and how its answer is read. */
export interface Exchange<T> {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  /** In pieces, which must not change until it was answered. */
  readonly body: readonly Uint8Array[];
  read(answer: Buffer): T | Promise<T>;
}

/** Where a batch landed, or the error that it met. `timestamp` is −1 where the topic keeps its writers' clocks. */
export interface ProduceAnswer {
  readonly error: number;
  readonly baseOffset: number;
  readonly timestamp: number;
}

/** What is written in one go: one batch for one partition, never more. */
export interface ProduceSpec {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly OutRecord[];
  readonly timestamp: number;
  /** The records, compressed; absent: they go as they are. */
  readonly packed?: Packed | undefined;
  /** How long the broker waits for its replicas, milliseconds. */
  readonly waitMs: number;
}

/**
 * Produce Request (Version: 7) => transactional_id acks timeout [topic [partition records]]
 * Produce Response (Version: 7) => [topic [partition error_code base_offset log_append_time log_start_offset]] throttle_time_ms
 *
 * The answer is undefined when it does not name the partition: then nothing is known of the batch.
 */
export function produceExchange(spec: ProduceSpec): Exchange<ProduceAnswer | undefined> {
  const writer = new WireWriter(spec.topic.length * 3 + 128 + spec.records.length * RECORD_ROOM);
  writer.string(null).int16(-1).int32(spec.waitMs);
  writer.int32(1).string(spec.topic).int32(1).int32(spec.partition);
  const sizeAt = writer.length;
  writer.int32(0);
  writeBatch(writer, spec.records, spec.timestamp, spec.packed);
  writer.patchUint32(sizeAt, writer.length - sizeAt - 4);
  return {
    apiKey: 0,
    apiName: "Produce",
    apiVersion: 7,
    body: writer.chunks(),
    read(answer) {
      const reader = new WireReader(answer);
      const topics = reader.array(() => {
        const topic = reader.string();
        const partitions = reader.array(() => {
          const partition = reader.int32();
          const error = reader.int16();
          const read = { partition, error, baseOffset: reader.int64(), timestamp: reader.int64() };
          reader.int64();
          return read;
        });
        return partitions.map((one) => ({ topic, ...one }));
      });
      return topics.flat().find(({ topic, partition }) => topic === spec.topic && partition === spec.partition);
    },
  };
}

/** What is wanted of one partition. */
export interface FetchSpec {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** As they stand in the log. */
  readonly maxBytes: number;
  /** What compressed batches may become before no further one is inflated; absent: `maxBytes`. */
  readonly inflatedBytes?: number;
}

/** What came of one partition; with an error, no batches. */
export interface FetchAnswer extends ReadBatches {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  /** One past the last record that every replica has; −1 with some errors. */
  readonly high: number;
  /** Set when there was no memory for the batches, or a bug in the way. */
  readonly unreadable?: unknown;
}

/** Bytes that one answer may have, over all its partitions; a first batch that is larger comes nevertheless. */
const MAX_ANSWER_BYTES = 8 << 20;

/**
 * Fetch Request (Version: 11) => replica_id max_wait_time min_bytes max_bytes isolation_level session_id session_epoch
 *   [topic [partition current_leader_epoch fetch_offset log_start_offset partition_max_bytes]] [forgotten] rack_id
 * Fetch Response (Version: 11) => throttle_time_ms error_code session_id [topic [partition error_code high_watermark
 *   last_stable_offset log_start_offset [producer_id first_offset] preferred_read_replica records]]
 *
 * Waits up to `waitMs` while there is nothing of any partition. Wants of one topic and partition must not repeat. What is compressed
 * is inflated with a `turn` now and then.
 */
export function fetchExchange(
  wants: readonly FetchSpec[],
  waitMs: number,
  turn: Turn,
): Exchange<readonly FetchAnswer[]> {
  const writer = new WireWriter(64 + wants.length * 96);
  writer.int32(-1).int32(waitMs).int32(1).int32(MAX_ANSWER_BYTES).int8(0).int32(0).int32(-1);
  writer.int32(wants.length);
  for (const { topic, partition, offset, maxBytes } of wants) {
    writer.string(topic).int32(1);
    writer.int32(partition).int32(-1).int64(offset).int64(-1).int32(maxBytes);
  }
  writer.int32(0).string("");
  return {
    apiKey: 1,
    apiName: "Fetch",
    apiVersion: 11,
    body: writer.chunks(),
    read: (answer) => readFetch(new WireReader(answer), wants, turn),
  };
}

async function readFetch(reader: WireReader, wants: readonly FetchSpec[], turn: Turn): Promise<readonly FetchAnswer[]> {
  reader.int32();
  const refused = reader.int16();
  reader.int32();
  const nothing = { records: [], high: -1, growth: 1 };
  if (refused !== 0) return wants.map((want) => ({ ...want, ...nothing, next: want.offset, error: refused }));
  const found = reader.array(() => {
    const topic = reader.string() ?? "";
    return reader.array(() => {
      const partition = reader.int32();
      const error = reader.int16();
      const high = reader.int64();
      reader.raw(16);
      reader.array(() => reader.raw(16));
      reader.int32();
      return { topic, partition, error, high, bytes: reader.raw(Math.max(0, reader.int32())) };
    });
  });
  const answers: FetchAnswer[] = [];
  // One after the other: only one batch is being inflated at a time.
  for (const { topic, partition, error, high, bytes } of found.flat()) {
    const want = wants.find((one) => one.topic === topic && one.partition === partition);
    const wanted = want?.offset ?? 0;
    const about = { topic, partition, error };
    if (error !== 0 || want === undefined) {
      answers.push({ ...about, ...nothing, next: wanted });
      continue;
    }
    const inflatedBytes = want.inflatedBytes ?? want.maxBytes;
    try {
      const options = { where: `${topic}/${partition}`, wanted, inflatedBytes, turn };
      const read = await readBatches(bytes, options);
      // A damaged batch may lie about its end, and nothing is behind the partition's. Nothing read is no step at all: a new leader's
      // high watermark may be below what is wanted for a while, and the record that is written there next must not be passed over.
      const lies = read.next > high && read.next > wanted;
      const next = lies ? Math.max(wanted + 1, high) : read.next;
      answers.push({ ...about, high, ...read, next });
    } catch (unreadable) {
      answers.push({ ...about, ...nothing, next: wanted, unreadable });
    }
  }
  return answers;
}

/** Where a broker listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A topic's partitions by number: the leader's node id, −1 while there is none. */
export interface TopicAnswer {
  readonly topic: string;
  readonly error: number;
  readonly leaders: ReadonlyMap<number, number>;
}

/** The brokers there are, and what was asked of topics. */
export interface MetadataAnswer {
  readonly brokers: ReadonlyMap<number, Address>;
  readonly topics: readonly TopicAnswer[];
}

/**
 * Metadata Request (Version: 6) => [topic] allow_auto_topic_creation
 * Metadata Response (Version: 6) => throttle_time_ms [node_id host port rack] cluster_id controller_id
 *   [error_code topic is_internal [error_code partition leader [replica] [isr] [offline]]]
 */
export function metadataExchange(topics: readonly string[]): Exchange<MetadataAnswer> {
  const writer = new WireWriter().int32(topics.length);
  for (const topic of topics) writer.string(topic);
  // Topics are made with the settings that they need, never by asking for them.
  writer.int8(0);
  return {
    apiKey: 3,
    apiName: "Metadata",
    apiVersion: 6,
    body: writer.chunks(),
    read(answer) {
      const reader = new WireReader(answer);
      reader.int32();
      const brokers = reader.array(() => {
        const id = reader.int32();
        const address = { host: reader.string() ?? "", port: reader.int32() };
        reader.string();
        return [id, address] as const;
      });
      reader.string();
      reader.int32();
      const found = reader.array(() => {
        const error = reader.int16();
        const topic = reader.string() ?? "";
        reader.int8();
        const leaders = reader.array(() => {
          reader.int16();
          const partition = reader.int32();
          const leader = reader.int32();
          for (let lists = 0; lists < 3; lists++) reader.array(() => reader.int32());
          return [partition, leader] as const;
        });
        return { topic, error, leaders: new Map(leaders) };
      });
      return { brokers: new Map(brokers), topics: found };
    },
  };
}
