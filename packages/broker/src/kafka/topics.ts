/** Topics: made with the settings that the rules of the log need, and looked at when they are there already. */
import { type Clock, Fault, type Log } from "@rondo/core";
import type { TopicSpec, TopicState } from "../log.ts";
import { type Cluster, faultFrom } from "./cluster.ts";
import { persist } from "./persist.ts";

/** How topics are made. */
export interface TopicOptions {
  /** Partitions of a topic whose spec does not say. */
  readonly partitions: number;
  /** Copies of each partition; absent: three, or as many as there are brokers. */
  readonly replicationFactor?: number;
  /** Records are kept for so long, milliseconds. */
  readonly retentionMs: number;
  /** The largest batch that a topic must take, bytes. */
  readonly maxBatchBytes: number;
}

/** Settings by Kafka's names. */
type Settings = Readonly<Record<string, string>>;

const NAME = /^[A-Za-z0-9._-]{1,249}$/;
const TOPIC_EXISTS = "TOPIC_ALREADY_EXISTS";
/** How long a new topic may take until its partitions have leaders, milliseconds. */
const APPEAR_MS = 15_000;
const CREATE_MS = 5_000;

/**
 * `rondo.state` is read from its beginning by every process that starts: small segments and an eager cleaner keep that short.
 * The active segment is never compacted.
 */
const STATE: Settings = {
  "cleanup.policy": "compact",
  "segment.bytes": String(16 << 20),
  "min.cleanable.dirty.ratio": "0.2",
};

/** Makes and checks topics. */
export class Topics {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: TopicOptions;
  /** Topics that this process created: a group that says nothing starts at their beginning. */
  readonly #created = new Set<string>();

  constructor(cluster: Cluster, clock: Clock, log: Log, options: TopicOptions) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
  }

  /** Whether this process made the topic. */
  isFresh(name: string): boolean {
    return this.#created.has(name);
  }

  /** The number of partitions of a topic. Throws `not_found`, `unavailable`. */
  async partitions(name: string): Promise<number> {
    const found = await this.#find(name);
    if (found === undefined) throw new Fault("not_found", `there is no topic ${name}`);
    return found;
  }

  /** Makes a topic of telemetry if it is missing. Throws `config` for a name or a number of partitions that cannot be. */
  async ensure({ name, partitions }: TopicSpec): Promise<TopicState> {
    if (!NAME.test(name)) throw new Fault("config", `"${name}" is no topic name: 1 to 249 of A-Z a-z 0-9 . _ -`);
    const settings = { "retention.ms": String(this.#options.retentionMs) };
    const created = await this.#create(name, partitions ?? this.#options.partitions, settings);
    const count = await this.#appear(name);
    if (!created) await this.#check(name);
    if (partitions !== undefined && partitions !== count) {
      throw new Fault(
        "config",
        `topic ${name} has ${count} partitions, not ${partitions}; ask for ${count}, or delete the topic`,
      );
    }
    return { name, partitions: count, created };
  }

  /** Makes the compacted topic of `rondo.state` if it is missing. */
  async ensureState(name: string): Promise<void> {
    const created = await this.#create(name, 1, STATE);
    const count = await this.#appear(name);
    if (count !== 1)
      throw new Fault("config", `topic ${name} has ${count} partitions; state has one: use another name`);
    if (!created) await this.#check(name, "compact");
  }

  /** True when this call made the topic, of all that may have tried at once. */
  async #create(topic: string, numPartitions: number, more: Settings): Promise<boolean> {
    if ((await this.#find(topic)) !== undefined) return false;
    const { maxBatchBytes } = this.#options;
    const replicationFactor = this.#options.replicationFactor ?? Math.min(3, this.#cluster.topology.brokers);
    const settings: Settings = {
      ...more,
      "max.message.bytes": String(maxBatchBytes),
      "message.timestamp.type": "LogAppendTime",
      // With three copies one may be missing: written twice is safe, and a broker can be restarted.
      "min.insync.replicas": replicationFactor >= 3 ? "2" : "1",
    };
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const created = await this.#cluster.askAny(`creating topic ${topic}`, async (node) => {
      try {
        const topics = [{ topic, numPartitions, replicationFactor, configEntries }];
        await node.createTopics({ topics, timeout: CREATE_MS });
        return true;
      } catch (thrown) {
        const reason = firstOf(thrown);
        if (reason instanceof Error && "type" in reason && reason.type === TOPIC_EXISTS) return false;
        throw reason;
      }
    });
    if (created) this.#created.add(topic);
    return created;
  }

  /** The partitions of a topic that was just made or found, once each has a leader. */
  async #appear(name: string): Promise<number> {
    const doing = `waiting for the leaders of topic ${name}`;
    return await persist({ clock: this.#clock, doing, deadlineMs: APPEAR_MS }, async () => {
      const leaders = await this.#cluster.topology.leaders(name);
      if (leaders !== undefined && [...leaders.values()].every((leader) => leader >= 0)) return leaders.size;
      this.#cluster.topology.forget(name);
      throw new Fault("unavailable", `topic ${name} has partitions without a leader`);
    });
  }

  async #find(name: string): Promise<number | undefined> {
    const doing = `looking up topic ${name}`;
    const look = async () => (await this.#cluster.topology.leaders(name))?.size;
    return await persist({ clock: this.#clock, doing, deadlineMs: APPEAR_MS }, look);
  }

  /** Looks at the settings of a topic that somebody else made. */
  async #check(topic: string, cleanup?: string): Promise<void> {
    const settings = await this.#settings(topic);
    if (settings === undefined) return;
    const { maxBatchBytes } = this.#options;
    const most = settings.get("max.message.bytes");
    if (most !== undefined && Number(most) < maxBatchBytes) {
      throw new Fault(
        "config",
        `topic ${topic} takes batches of ${most} B, and records need ${maxBatchBytes}: kafka-configs.sh --alter --topic ${topic} --add-config max.message.bytes=${maxBatchBytes}`,
      );
    }
    const policy = settings.get("cleanup.policy") ?? "";
    if (cleanup !== undefined && policy !== cleanup) {
      throw new Fault(
        "config",
        `topic ${topic} has cleanup.policy=${policy} and must have ${cleanup}, or state is lost`,
      );
    }
    if (settings.get("message.timestamp.type") !== "LogAppendTime") {
      this.#log.warn(`topic ${topic} keeps its writers' clocks; set message.timestamp.type=LogAppendTime`, { topic });
    }
  }

  /** Undefined when we may not look. */
  async #settings(name: string): Promise<ReadonlyMap<string, string> | undefined> {
    const configNames = ["max.message.bytes", "message.timestamp.type", "cleanup.policy"];
    try {
      const { resources } = await this.#cluster.askAny(`reading the settings of topic ${name}`, (node) =>
        node.describeConfigs({ resources: [{ type: 2, name, configNames }] }),
      );
      const entries = resources[0]?.configEntries ?? [];
      return new Map(entries.map(({ configName, configValue }) => [configName, configValue] as const));
    } catch (thrown) {
      const fault = faultFrom(thrown, `reading the settings of topic ${name}`);
      this.#log.warn(`the settings of topic ${name} cannot be checked`, { topic: name, fault });
      return undefined;
    }
  }
}

/** kafkajs wraps the errors of several topics; ours are one at a time. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof Error && "errors" in thrown && Array.isArray(thrown.errors) ? thrown.errors[0] : thrown;
}
