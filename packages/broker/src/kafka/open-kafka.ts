/** The broker of a deployment: Kafka 3.9 or later, over kafkajs's connections. */
import { type Clock, Fault, type Log, type Random } from "@rondo/core";
import type { Broker, NewRecord } from "../log.ts";
import type { Loss } from "../loss.ts";
import { valueBytes } from "../new-value.ts";
import { APPEND_HEADROOM } from "../record-bytes.ts";
import { Appender } from "./appender.ts";
import type { ClaimWriter } from "./claim.ts";
import { Cluster } from "./cluster.ts";
import type { Compression } from "./codecs/table.ts";
import { Entrance } from "./entrance.ts";
import { evictPredecessor, isOfProcess } from "./evict.ts";
import { GroupMember } from "./group-member.ts";
import type { MemberTimes } from "./group-session.ts";
import { nodeFactory } from "./kafkajs-node.ts";
import { loginOf, type Security } from "./login.ts";
import { askRanges } from "./ranges.ts";
import { readAddress } from "./read-address.ts";
import { batchBytes, type OutRecord } from "./record-batch.ts";
import { Registrations } from "./registrations.ts";
import { StateTopic } from "./state-topic.ts";
import type { TopicOptions } from "./topic-settings.ts";
import { Topics } from "./topics.ts";

/** How Kafka is opened. Sizes in bytes, times in milliseconds. */
export interface KafkaOptions extends Security {
  /** Brokers to ask first, as `host:port`. */
  readonly brokers: readonly string[];
  /** `rondo/<instance>/<role>/<thread>`: the same again after a restart, and nobody else's. */
  readonly clientId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  /** How topics are made that are missing: with 6 partitions and for 72 h unless told otherwise. */
  readonly topics?: Partial<Omit<TopicOptions, "maxBatchBytes">>;
  /** The compacted topic of the small facts; `rondo.state`. */
  readonly stateTopic?: string;
  /** The largest value of a record; 4 MiB. */
  readonly maxRecordBytes?: number;
  /** Appends that may wait for Kafka, beyond which they fail with `unavailable`; 64 MiB. */
  readonly queueBytes?: number;
  /**
   * True: first remove members of this process's client ids from every registered group, left there by a process that was killed. Only
   * for the first opening in a process's life, and only when it is known that no other lives under this name.
   */
  readonly evict?: boolean;
  /** Called, beside the line in the log, when retention was faster than a reader. */
  readonly onLoss?: (loss: Loss) => void;
  /** How batches are compressed; absent: not at all. All compressions of Kafka are always read. */
  readonly compression?: Compression;
  /** A batch of a topic cannot be read, and is handed on as a record with a `fault`; the log names it. */
  readonly onUnreadable?: (topic: string) => void;
  /** Session 6 s, heartbeat 0.5 s, rebalance 6 s. */
  readonly times?: Partial<MemberTimes>;
}

/** The log on Kafka. */
export interface KafkaBroker extends Broker {
  /**
   * Takes what a dead process of this name, in whatever thread, left behind out of every group, so that its partitions do not
   * wait for the end of a session. To be called once, before joining, by whoever knows that the process is dead.
   */
  evictPredecessor(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;

const TIMES: MemberTimes = { sessionMs: 6_000, heartbeatMs: 500, rebalanceMs: 6_000 };

/** Prefixes in the state topic: of `rondo.state`, and of the registrations. */
const STATE = "s/";
const GROUPS = "g/";

/**
 * Opens the log on Kafka: reaches a broker, makes and reads the state topic. Throws `unavailable` within a few seconds when no
 * broker answers, for the caller to wait and try again; `startup` and `config` with what to do about it.
 */
export async function openKafka(options: KafkaOptions): Promise<KafkaBroker> {
  const { clock, log, random, clientId, stateTopic = "rondo.state" } = options;
  const { maxRecordBytes = 4 << 20, queueBytes = 64 << 20 } = options;
  const times = { ...TIMES, ...options.times };
  if (times.rebalanceMs < times.sessionMs) {
    throw new Fault("config", `rebalanceMs ${times.rebalanceMs} is below sessionMs ${times.sessionMs}; raise it`);
  }
  const maxBatchBytes = maxRecordBytes + APPEND_HEADROOM;
  const entrance = new Entrance(options, clock);
  const make = nodeFactory({
    clientId,
    login: loginOf(options, clock),
    entrance,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    log,
  });
  const cluster = new Cluster({ make, clock, bootstrap: options.brokers.map(readAddress) });
  const { compression = "none" } = options;
  const appender = new Appender({ cluster, clock, queueBytes, batchBytes: maxBatchBytes, compression });
  const topicOptions = { partitions: 6, retentionMs: 72 * 3_600_000, ...options.topics, maxBatchBytes };
  const topics = new Topics(cluster, clock, log, topicOptions, options.brokers.join());
  const members = new Set<GroupMember>();
  let closing: Promise<void> | undefined;
  const alive = () => {
    if (closing !== undefined) throw new Fault("aborted", "the log is closed");
  };
  const state = new StateTopic({ topic: stateTopic, cluster, appender, random, maxBatchBytes: maxRecordBytes });
  const registrations = new Registrations(state.store(GROUPS, alive), cluster, topics);

  const append = async (topic: string, partition: number, records: readonly NewRecord[], check: () => void) => {
    alive();
    for (const { value } of records) {
      const length = valueBytes(value);
      if (length > maxRecordBytes) {
        throw new Fault("too_large", `a record of ${length} B exceeds maxRecordBytes ${maxRecordBytes}`);
      }
    }
    if (records.length === 0) {
      return { baseOffset: (await cluster.watermarks(topic, partition)).high, timestamp: clock.now() };
    }
    const written = records.map(({ headers, value }): OutRecord => ({ key: null, headers, value }));
    const bytes = batchBytes(written);
    if (bytes > maxBatchBytes) {
      throw new Fault(
        "too_large",
        `an append of ${bytes} B exceeds the ${maxBatchBytes} B of one batch; append less at once`,
      );
    }
    return await appender.append(topic, partition, written, check);
  };
  const writer: ClaimWriter = { append, putState: (writes, check) => state.put(STATE, writes, check) };
  const closeAll = async () => {
    try {
      await Promise.all([...members].map((member) => member.leave()));
      await appender.close();
    } finally {
      await cluster.close();
    }
  };

  const evict = async () => {
    const groups = (await registrations.all()).map(({ group }) => group);
    await evictPredecessor(cluster, isOfProcess(clientId), groups, log);
  };

  try {
    await cluster.topology.any().catch((thrown: unknown) => {
      throw entrance.unanswered(thrown);
    });
    await topics.ensureState(stateTopic);
    await state.catchUp();
    if (options.evict === true) await evict();
  } catch (thrown) {
    await closeAll();
    throw thrown;
  }

  return {
    maxRecordBytes,
    evictPredecessor: evict,
    state: state.store(STATE, alive),
    async ensureTopics(specs) {
      alive();
      return await Promise.all(specs.map((spec) => topics.ensure(spec)));
    },
    async registerGroup(spec) {
      alive();
      return await registrations.register(spec);
    },
    groups: () => registrations.all(),
    position: (group) => registrations.position(group),
    async join(spec, onClaim, onFailure) {
      alive();
      const { spec: known, registered } = await registrations.get(spec.group);
      if (known.topic !== spec.topic) {
        throw new Fault("config", `group ${spec.group} reads ${known.topic}, not ${spec.topic}`);
      }
      const { onLoss, onUnreadable } = options;
      const losses = { ...(onLoss && { onLoss }), ...(onUnreadable && { onUnreadable }) };
      const member = new GroupMember({
        ...{ ...times, spec, registered, cluster, clock, log, writer },
        ...{ ...losses, onClaim, onFailure },
      });
      members.add(member);
      void member.ended.then(() => members.delete(member));
      await member.joined();
      return member;
    },
    append: (topic, partition, records) => append(topic, partition, records, alive),
    async read(topic, partition, offset, maxBytes) {
      alive();
      return await cluster.read(topic, partition, offset, maxBytes);
    },
    watermarks: (topic, partition) => cluster.watermarks(topic, partition),
    ranges: (wanted) => askRanges(cluster, clock, wanted),
    partitions: (topic) => topics.partitions(topic),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
