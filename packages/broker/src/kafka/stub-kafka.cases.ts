/** A Kafka in memory, at the border to kafkajs: it reads requests as bytes, keeps what is appended, and fails when told to. */
import { Socket } from "node:net";
import { zstdDecompressSync } from "node:zlib";
import type { Clock } from "@rondo/core";
import type { Address } from "./exchange.ts";
import type { KafkajsNode } from "./kafkajs-node.ts";
import type { MakeNode } from "./node-pool.ts";
import { findBatches, type InRecord, readRecords } from "./record-batch.ts";
import { WireReader, WireWriter } from "./wire.ts";

/**
 * What befalls a request: an error code in its answer; `broken` – it never arrives; `lost` – it is done, its
 * answer does not come; `nameless` – it is not done, and the answer says nothing of it.
 */
export type Mishap = number | "broken" | "lost" | "nameless";

interface StubLog {
  leader: number;
  low: number;
  high: number;
  readonly batches: { readonly base: number; readonly end: number; readonly bytes: Buffer }[];
}

const FIRST_PORT = 9001;

/** The records of a batch that is not compressed, or was by zstd. */
function recordsOf(bytes: Buffer, wanted: number): readonly InRecord[] {
  return [...findBatches(bytes, wanted)].flatMap((batch) => {
    if (batch.fault !== undefined) throw batch.fault;
    return readRecords(batch, batch.codec === 0 ? batch.body : zstdDecompressSync(batch.body));
  });
}

/** A kafkajs error of that name, as a connection throws it. */
function kafkajsError(name: string, more: object = {}): Error {
  return Object.assign(new Error(name), { name, ...more });
}

/** The cluster. Broker `id` listens on port 9000 + id. */
export class StubKafka {
  readonly topics = new Map<string, StubLog[]>();
  /** Taken one by one, by the name of the request; after them everything goes well. */
  readonly mishaps: Record<string, Mishap[]> = {};
  /** Requests by name and broker, in order. */
  readonly requests: string[] = [];
  /** What fetches asked for, in order. */
  readonly wanted: { readonly topic: string; readonly partition: number; readonly maxBytes: number }[] = [];
  /** Ports at which nobody listens. */
  readonly down = new Set<number>();
  /** The broker's clock for appended records; −1 leaves them their writer's. */
  appendTime = -1;
  /** Runs before a request is looked at. */
  before: (name: string) => void = () => undefined;
  readonly #brokers: number;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, brokers = 1) {
    this.#clock = clock;
    this.#brokers = brokers;
  }

  /** Where to ask first. */
  get bootstrap(): readonly Address[] {
    return [{ host: "stub", port: FIRST_PORT }];
  }

  /** Makes a topic whose partitions are led in turn by the brokers. */
  topic(name: string, partitions = 1): void {
    const log = (_: unknown, partition: number): StubLog => ({
      leader: 1 + (partition % this.#brokers),
      low: 0,
      high: 0,
      batches: [],
    });
    this.topics.set(name, Array.from({ length: partitions }, log));
  }

  /** One partition. */
  log(topic: string, partition = 0): StubLog {
    const log = this.topics.get(topic)?.[partition];
    if (log === undefined) throw new Error(`the stub has no ${topic}/${partition}`);
    return log;
  }

  /** The values that a partition has, as text. */
  texts(topic: string, partition = 0): readonly string[] {
    return this.log(topic, partition).batches.flatMap(({ bytes, base }) =>
      recordsOf(bytes, base).map(({ value }) => Buffer.from(value ?? []).toString()),
    );
  }

  /** Makes nodes as `nodeFactory` does. */
  readonly make: MakeNode = async ({ port }) => {
    let connected = false;
    const unused = () => Promise.reject(new Error("the stub has no answer to this"));
    const node: KafkajsNode = {
      connect: async () => {
        if (this.down.has(port)) throw kafkajsError("KafkaJSConnectionError", { code: "ECONNREFUSED" });
        connected = true;
      },
      disconnect: async () => {
        connected = false;
      },
      isConnected: () => connected && !this.down.has(port),
      connectionPool: {
        getConnection: async () => this.#connection(port),
      },
      listOffsets: async ({ topics }) => {
        await this.#meets("ListOffsets", port);
        const answer = topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, timestamp }) => {
            const { low, high } = this.log(topic, partition);
            return { partition, offset: String(timestamp === -2 ? low : timestamp === -1 ? high : -1) };
          }),
        }));
        return { responses: answer };
      },
      createTopics: unused,
      metadata: unused,
      describeConfigs: unused,
      findGroupCoordinator: unused,
      joinGroup: unused,
      syncGroup: unused,
      heartbeat: unused,
      leaveGroup: unused,
      offsetCommit: unused,
      offsetFetch: unused,
      describeGroups: unused,
    };
    return node;
  };

  /** A connection as kafkajs has it: what is written to its socket while a request is sent is the request. */
  #connection(port: number): Awaited<ReturnType<KafkajsNode["connectionPool"]["getConnection"]>> {
    const pieces: Uint8Array[] = [];
    const write = (piece: Uint8Array) => pieces.push(piece) > 0;
    return {
      clientId: "stub",
      socket: Object.assign(new Socket(), { write, cork: () => undefined, uncork: () => undefined }),
      failIfNotConnected: () => undefined,
      nextCorrelationId: () => 1,
      bytesBuffered: 0,
      chunks: [],
      processData: () => undefined,
      requestQueue: {
        pending: [],
        scheduleCheckPendingRequests: () => undefined,
        push: ({ entry, sendRequest }) => {
          sendRequest();
          const reader = new WireReader(Buffer.concat(pieces));
          reader.raw(12);
          reader.string();
          this.#serve(entry.apiName, port, reader.raw(reader.left)).then(
            (payload) => entry.resolve({ payload }),
            (error) => entry.reject(error),
          );
        },
      },
    };
  }

  /** The error code of a mishap; throws for one that breaks the connection. Afterwards the request is done. */
  async #meets(name: string, port: number): Promise<Mishap | undefined> {
    this.requests.push(`${name}@${port - FIRST_PORT + 1}`);
    this.before(name);
    if (this.down.has(port)) throw kafkajsError("KafkaJSConnectionClosedError");
    const mishap = this.mishaps[name]?.shift();
    if (mishap === "broken") throw kafkajsError("KafkaJSConnectionClosedError");
    return mishap;
  }

  async #serve(name: string, port: number, body: Buffer): Promise<Buffer> {
    const mishap = await this.#meets(name, port);
    const error = typeof mishap === "number" ? mishap : 0;
    const reader = new WireReader(body);
    if (name === "Metadata") return this.#metadata(reader, error);
    if (mishap === "nameless") return new WireWriter().int32(0).int32(0).bytes;
    if (name === "Produce") {
      const answer = this.#produce(reader, error, port);
      if (mishap === "lost") throw kafkajsError("KafkaJSRequestTimeoutError");
      return answer;
    }
    return await this.#fetch(reader, error, port);
  }

  #metadata(reader: WireReader, error: number): Buffer {
    const names = reader.array(() => reader.string() ?? "");
    const writer = new WireWriter().int32(0).int32(this.#brokers);
    for (let id = 1; id <= this.#brokers; id++)
      writer
        .int32(id)
        .string("stub")
        .int32(FIRST_PORT + id - 1)
        .string(null);
    writer.string(null).int32(1).int32(names.length);
    for (const name of names) {
      const logs = this.topics.get(name);
      writer
        .int16(logs === undefined ? 3 : error)
        .string(name)
        .int8(0);
      writer.int32(logs?.length ?? 0);
      for (const [partition, { leader }] of (logs ?? []).entries()) {
        writer.int16(0).int32(partition).int32(leader).int32(0).int32(0).int32(0);
      }
    }
    return writer.bytes;
  }

  #produce(reader: WireReader, error: number, port: number): Buffer {
    reader.string();
    reader.int16();
    reader.int32();
    reader.int32();
    const topic = reader.string() ?? "";
    reader.int32();
    const partition = reader.int32();
    const bytes = Buffer.from(reader.raw(reader.int32()));
    const log = this.log(topic, partition);
    const isLeader = log.leader === port - FIRST_PORT + 1;
    const code = error !== 0 || isLeader ? error : 6;
    const base = log.high;
    if (code === 0) {
      bytes.writeBigInt64BE(BigInt(base), 0);
      log.high += recordsOf(bytes, 0).length;
      log.batches.push({ base, end: log.high, bytes });
      for (const wake of this.#waiting) wake();
    }
    const writer = new WireWriter().int32(1).string(topic).int32(1);
    return writer.int32(partition).int16(code).int64(base).int64(this.appendTime).int64(0).int32(0).bytes;
  }

  async #fetch(reader: WireReader, error: number, port: number): Promise<Buffer> {
    reader.int32();
    const waitMs = reader.int32();
    reader.raw(17);
    const wants = reader
      .array(() => {
        const topic = reader.string() ?? "";
        return reader.array(() => {
          const partition = reader.int32();
          reader.int32();
          const offset = reader.int64();
          reader.int64();
          return { topic, partition, offset, maxBytes: reader.int32() };
        });
      })
      .flat();
    this.wanted.push(...wants);
    const isReady = () =>
      error !== 0 ||
      wants.some(({ topic, partition, offset }) => {
        const { low, high } = this.log(topic, partition);
        return offset < low || offset > high || high > offset;
      });
    if (!isReady() && waitMs > 0) await this.#change(waitMs);
    const writer = new WireWriter().int32(0).int16(0).int32(0).int32(wants.length);
    for (const { topic, partition, offset } of wants) {
      const log = this.log(topic, partition);
      const outside = offset < log.low || offset > log.high ? 1 : 0;
      const code = error || (log.leader === port - FIRST_PORT + 1 ? outside : 6);
      const found = code === 0 ? log.batches.filter(({ end }) => end > offset).map(({ bytes }) => bytes) : [];
      const records = Buffer.concat(found);
      writer.string(topic).int32(1).int32(partition).int16(code);
      writer
        .int64(code === 0 ? log.high : -1)
        .int64(-1)
        .int64(log.low)
        .int32(-1)
        .int32(-1)
        .sized(records);
    }
    return writer.bytes;
  }

  #change(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = this.#clock.after(waitMs, wake);
      this.#waiting.add(wake);
    });
  }
}
