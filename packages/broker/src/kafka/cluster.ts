/** The brokers as one thing to ask: a partition's leader, a group's coordinator, and the questions that need no group. */
import { type Clock, Fault } from "@rondo/core";
import type { LogRecord, Watermarks } from "../log.ts";
import { type Address, type Exchange, type FetchAnswer, type FetchSpec, fetchExchange } from "./exchange.ts";
import { type Failure, failureOf, failureOfCode, faultOf } from "./kafka-fault.ts";
import { exchange, type KafkajsNode } from "./kafkajs-node.ts";
import { type MakeNode, NodePool } from "./node-pool.ts";
import { persist } from "./persist.ts";
import { toLogRecord } from "./record-batch.ts";
import { Topology } from "./topology.ts";

/** How long a question is repeated while the cluster sorts itself out, milliseconds. */
const QUESTION_MS = 8_000;

const EARLIEST = -2;
const LATEST = -1;

/** What a cluster is opened with. */
export interface ClusterOptions {
  readonly make: MakeNode;
  readonly clock: Clock;
  readonly bootstrap: readonly Address[];
}

/** The cluster, with one socket per broker for each purpose, so that none waits for another. */
export class Cluster {
  readonly topology: Topology;
  /** For questions: nothing on it waits longer than the broker needs to look. */
  readonly questions: NodePool;
  /** For appends, which wait for the replicas. */
  readonly appends: NodePool;
  /** For heartbeats, commits and the end of memberships, of every group. */
  readonly memberships: NodePool;
  readonly #make: MakeNode;
  readonly #clock: Clock;
  readonly #coordinators = new Map<string, Address>();

  constructor({ make, clock, bootstrap }: ClusterOptions) {
    this.#make = make;
    this.#clock = clock;
    this.questions = this.pool();
    this.appends = this.pool();
    this.memberships = this.pool();
    this.topology = new Topology(this.questions, bootstrap);
  }

  /** Lets everything else have its turn on the event loop. */
  readonly turn = (): Promise<void> => new Promise((resolve) => this.#clock.after(0, resolve));

  /** A pool of its own, which its maker closes. */
  pool(): NodePool {
    return new NodePool(this.#make, this.#clock);
  }

  /** Runs `use` with the node at an address; a node whose connection broke is dropped. */
  async with<T>(pool: NodePool, address: Address, use: (node: KafkajsNode) => Promise<T>): Promise<T> {
    const node = await pool.at(address);
    try {
      return await use(node);
    } catch (thrown) {
      if (isConnectionLoss(thrown)) void pool.drop(node);
      throw thrown;
    }
  }

  /** Sends a message of ours. */
  async send<T>(pool: NodePool, address: Address, message: Exchange<T>): Promise<T> {
    return await this.with(pool, address, (node) => exchange(node, message));
  }

  /** Asks a partition's leader, again after a change of leader, for at most 8 s. Throws Faults. */
  async askLeader<T>(
    topic: string,
    partition: number,
    doing: string,
    ask: (leader: Address) => Promise<T>,
  ): Promise<T> {
    const onFailure = ({ remedy }: Failure) => {
      if (remedy === "leader") this.topology.forget(topic);
    };
    return await persist({ clock: this.#clock, doing, deadlineMs: QUESTION_MS, onFailure }, async () =>
      ask(await this.topology.leader(topic, partition)),
    );
  }

  /** Asks any broker, for at most 8 s. Throws Faults. */
  async askAny<T>(doing: string, ask: (node: KafkajsNode) => Promise<T>): Promise<T> {
    return await persist({ clock: this.#clock, doing, deadlineMs: QUESTION_MS }, async () =>
      this.with(this.questions, await this.topology.any(), ask),
    );
  }

  /** The coordinator of a group. Throws kafkajs's errors and Faults; the caller repeats. */
  async coordinator(group: string): Promise<Address> {
    const known = this.#coordinators.get(group);
    if (known !== undefined) return known;
    const { coordinator } = await this.with(this.questions, await this.topology.any(), (node) =>
      node.findGroupCoordinator({ groupId: group, coordinatorType: 0 }),
    );
    const address = { host: coordinator.host, port: coordinator.port };
    this.#coordinators.set(group, address);
    return address;
  }

  /** The coordinator of a group has moved. */
  forgetCoordinator(group: string): void {
    this.#coordinators.delete(group);
  }

  /** Asks a group's coordinator, again after it moved, for at most 8 s. Throws Faults. */
  async askCoordinator<T>(group: string, doing: string, ask: (node: KafkajsNode) => Promise<T>): Promise<T> {
    const onFailure = ({ remedy }: Failure) => {
      if (remedy !== "again") this.forgetCoordinator(group);
    };
    return await persist({ clock: this.#clock, doing, deadlineMs: QUESTION_MS, onFailure }, async () =>
      this.with(this.questions, await this.coordinator(group), ask),
    );
  }

  /** Reads what is there now of one partition, from its leader. An offset outside the partition is the error 1 in the answer. */
  async fetchNow(want: FetchSpec): Promise<FetchAnswer> {
    const doing = `reading partition ${want.partition} of ${want.topic}`;
    return await this.askLeader(want.topic, want.partition, doing, async (leader) => {
      const [answer] = await this.send(this.questions, leader, fetchExchange([want], 0, this.turn));
      if (answer === undefined) throw new Fault("unavailable", `${doing}: the answer does not name it`);
      if (answer.error !== 0 && answer.error !== OUT_OF_RANGE) throw new ProtocolError(answer.error);
      if (answer.unreadable !== undefined) throw Fault.from(answer.unreadable, "corrupt");
      return answer;
    });
  }

  /** Records from `offset`, at least one and up to `maxBytes` of values; none at the end. From the first one kept, below it. */
  async read(topic: string, partition: number, offset: number, maxBytes: number): Promise<readonly LogRecord[]> {
    let answer = await this.fetchNow({ topic, partition, offset, maxBytes: Math.max(maxBytes, 1) });
    if (answer.error === OUT_OF_RANGE) {
      const { low } = await this.watermarks(topic, partition);
      if (offset >= low) return [];
      answer = await this.fetchNow({ topic, partition, offset: low, maxBytes: Math.max(maxBytes, 1) });
    }
    const records: LogRecord[] = [];
    let bytes = 0;
    const now = this.#clock.now();
    for (const record of answer.records) {
      bytes += record.value?.length ?? 0;
      if (records.length > 0 && bytes > maxBytes) break;
      records.push(toLogRecord(record, now));
    }
    return records;
  }

  /** The range of a partition. Throws `not_found`, `unavailable`. */
  async watermarks(topic: string, partition: number): Promise<Watermarks> {
    const [low, high] = await Promise.all([
      this.offsetAt(topic, partition, EARLIEST),
      this.offsetAt(topic, partition, LATEST),
    ]);
    return { low, high };
  }

  /** The first offset whose record is not older than `timestamp`, in epoch milliseconds; the end when there is none. */
  async offsetSince(topic: string, partition: number, timestamp: number): Promise<number> {
    const found = await this.offsetAt(topic, partition, timestamp);
    return found < 0 ? await this.offsetAt(topic, partition, LATEST) : found;
  }

  /** ListOffsets: an offset by time, or by −2 the earliest and −1 the end. −1 when no record is as young. */
  async offsetAt(topic: string, partition: number, timestamp: number): Promise<number> {
    const request = {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ topic, partitions: [{ partition, timestamp }] }],
    } as const;
    return await this.askLeader(
      topic,
      partition,
      `looking up offsets of partition ${partition} of ${topic}`,
      async (leader) => {
        const { responses } = await this.with(this.questions, leader, (node) => node.listOffsets(request));
        return Number(responses[0]?.partitions[0]?.offset ?? -1);
      },
    );
  }

  /** Closes its own pools. */
  async close(): Promise<void> {
    await Promise.all([this.questions.close(), this.appends.close(), this.memberships.close()]);
  }
}

/** The error code of a fetch beyond either end of its partition. */
export const OUT_OF_RANGE = 1;

/** An error code out of an answer of ours, thrown so that it takes the same way as kafkajs's own. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: number;

  constructor(code: number) {
    super(failureOfCode(code).name);
    this.code = code;
  }
}

/** Whether the socket is of no use any more: it broke, or an answer is overdue on it. */
function isConnectionLoss(thrown: unknown): boolean {
  return thrown instanceof Error && /^KafkaJS(?:Connection|RequestTimeout)/.test(thrown.name);
}

/** The Fault for what an attempt threw. */
export function faultFrom(thrown: unknown, doing: string): Fault {
  return faultOf(failureOf(thrown), doing, thrown);
}
