/**
 * Appends: per partition one batch under way and the others waiting in the order of their calls, joined into the next batch.
 * A batch that failed is sent again before anything behind it, so that retries reorder nothing. No idempotence and no
 * transactions: readers skip by origin what a lost answer made Rondo write twice.
 */
import { type Clock, Fault, sleep } from "@rondo/core";
import type { Appended } from "../log.ts";
import { type Cluster, ProtocolError } from "./cluster.ts";
import type { Compression } from "./codecs/table.ts";
import { produceExchange } from "./exchange.ts";
import { failureOf, faultOf } from "./kafka-fault.ts";
import { exchange, type KafkajsNode } from "./kafkajs-node.ts";
import { pack } from "./pack.ts";
import { pauseAfter } from "./persist.ts";
import { batchBytes, type OutRecord, type Packed } from "./record-batch.ts";
import { topicRefusal } from "./topic-refusal.ts";

/** Bytes up to which appends are joined into one batch; a single append may be larger. */
const JOIN_BYTES = 1 << 20;
/** From the call on, an append has failed after so long, milliseconds: a client that waits for it gives up after ten seconds. */
const DEADLINE_MS = 8_000;
/** How long the broker may wait for its replicas, milliseconds. */
const REPLICAS_MS = 5_000;

/** Appends of one process. */
export interface AppenderOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Bytes of records that may wait; beyond it appends fail with `unavailable`. */
  readonly queueBytes: number;
  /** What a topic must take at once, bytes. */
  readonly batchBytes: number;
  /** How batches are compressed; absent: not at all. */
  readonly compression?: Compression;
}

/** One call of `append`. */
interface Waiting {
  readonly records: readonly OutRecord[];
  readonly bytes: number;
  /** Runs right before each sending; throws to withdraw. */
  readonly check: () => void;
  readonly deadline: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (fault: Fault) => void;
  /** Set when a batch that it was joined into was too large. */
  alone: boolean;
  /** Set when it was sent before: a socket that broke may still hold its bytes. */
  again: boolean;
}

interface Lane {
  readonly topic: string;
  readonly partition: number;
  readonly waiting: Waiting[];
  running: boolean;
}

/** The queues of every partition that this process writes to. */
export class Appender {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #queueBytes: number;
  readonly #compression: Compression;
  readonly #batchBytes: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #closed = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #bytes = 0;

  constructor({ cluster, clock, queueBytes, batchBytes, compression = "none" }: AppenderOptions) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#queueBytes = queueBytes;
    this.#compression = compression;
    this.#batchBytes = batchBytes;
  }

  /**
   * Appends records to a partition, all or none. `check` runs before each try, in the same turn in which the bytes go out.
   * Throws `not_found`, `unavailable` after 8 s or where the topic is not set to take it, and what `check` throws.
   */
  append(topic: string, partition: number, records: readonly OutRecord[], check: () => void): Promise<Appended> {
    const bytes = batchBytes(records);
    if (this.#bytes + bytes > this.#queueBytes) {
      const full = `${this.#bytes} B wait for Kafka already, the queue holds ${this.#queueBytes}`;
      return Promise.reject(new Fault("unavailable", `appending to ${topic}: ${full}`));
    }
    const key = `${topic}/${partition}`;
    const lane = this.#lanes.get(key) ?? { topic, partition, waiting: [], running: false };
    this.#lanes.set(key, lane);
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const deadline = this.#clock.monotonic() + DEADLINE_MS;
    this.#bytes += bytes;
    lane.waiting.push({ records, bytes, check, deadline, resolve, reject, alone: false, again: false });
    if (!lane.running) this.#start(lane);
    return promise;
  }

  /** Waits for what is under way; what still waits for a retry fails with `aborted`. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#running);
  }

  #start(lane: Lane): void {
    lane.running = true;
    const running = this.#run(lane).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run(lane: Lane): Promise<void> {
    // Calls of the same turn are joined: the first must not leave alone.
    await Promise.resolve();
    for (let tries = 0; ; ) {
      const batch = this.#next(lane);
      if (batch.length === 0) break;
      if (await this.#send(lane, batch)) tries = 0;
      else await sleep(this.#clock, pauseAfter(tries++), this.#closed.signal);
    }
    lane.running = false;
  }

  /** What goes out next. Whoever is too late or not allowed any more is told so and left out. */
  #next(lane: Lane): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    while (lane.waiting.length > 0) {
      const [first] = lane.waiting;
      const full = batch.length > 0 && (bytes + (first?.bytes ?? 0) > JOIN_BYTES || first?.alone);
      if (first === undefined || full || batch[0]?.alone) break;
      lane.waiting.shift();
      if (!this.#isAllowed(first)) continue;
      batch.push(first);
      bytes += first.bytes;
    }
    return batch;
  }

  /** Runs a call's check; one that fails it has ended. */
  #isAllowed(one: Waiting): boolean {
    try {
      if (this.#closed.signal.aborted) throw new Fault("aborted", "the log is closed");
      one.check();
      return true;
    } catch (thrown) {
      this.#end(one);
      one.reject(Fault.from(thrown));
      return false;
    }
  }

  #end({ bytes }: Waiting): void {
    this.#bytes -= bytes;
  }

  /** Sends a batch and answers its calls. False when what is left of it stands in front of the queue again. */
  async #send({ topic, partition, waiting }: Lane, batch: readonly Waiting[]): Promise<boolean> {
    const doing = `appending to partition ${partition} of ${topic}`;
    let left = batch;
    try {
      const leader = await this.#cluster.topology.leader(topic, partition);
      await this.#cluster.with(this.#cluster.appends, leader, async (node) => {
        for (;;) {
          const packed = await this.#pack(left);
          // Once more, with nothing to wait for until the bytes go out: a process that slept until here may have lost its claim.
          const allowed = left.filter((one) => this.#isAllowed(one));
          const isWhole = allowed.length === left.length;
          left = allowed;
          if (left.length === 0) return;
          if (isWhole || packed === undefined)
            return await this.#write(node, { topic, partition }, left, packed, doing);
        }
      });
      return true;
    } catch (thrown) {
      const failure = failureOf(thrown);
      if (failure.remedy === "leader") this.#cluster.topology.forget(topic);
      const passes = failure.remedy === "again" || failure.remedy === "leader";
      const apart = failure.code === "too_large" && left.length > 1;
      const again = left.filter((one) => apart || (passes && this.#clock.monotonic() < one.deadline));
      for (const one of left) {
        if (apart) one.alone = true;
        one.again = true;
        if (again.includes(one)) continue;
        this.#end(one);
        one.reject(topicRefusal(failure, topic, this.#batchBytes) ?? faultOf(failure, doing, thrown));
      }
      waiting.unshift(...again);
      return again.length === 0;
    }
  }

  async #pack(batch: readonly Waiting[]): Promise<Packed | undefined> {
    return await pack(recordsOf(batch), this.#compression, this.#cluster.turn);
  }

  async #write(
    node: KafkajsNode,
    where: Pick<Lane, "topic" | "partition">,
    batch: readonly Waiting[],
    packed: Packed | undefined,
    doing: string,
  ): Promise<void> {
    const now = this.#clock.now();
    const records = recordsOf(batch);
    const message = produceExchange({ ...where, records, packed, timestamp: now, waitMs: REPLICAS_MS });
    const answer = await exchange(node, message);
    if (answer === undefined) throw new Fault("unavailable", `${doing}: the answer does not name the partition`);
    if (answer.error !== 0) throw new ProtocolError(answer.error);
    const timestamp = answer.timestamp < 0 ? now : answer.timestamp;
    let { baseOffset } = answer;
    for (const one of batch) {
      this.#end(one);
      one.resolve({ baseOffset, timestamp, ...(!one.again && { returned: true }) });
      baseOffset += one.records.length;
    }
  }
}

function recordsOf(batch: readonly Waiting[]): readonly OutRecord[] {
  return batch.flatMap((one) => one.records);
}
