/** Topics: made with the settings that the rules of the log need, and looked at when they are there already. */
import { type Clock, Fault, type Log } from "@rondo/core";
import type { TopicSpec, TopicState } from "../log.ts";
import { type Cluster, faultFrom } from "./cluster.ts";
import { persist } from "./persist.ts";
import {
  alterLine,
  createLine,
  differences,
  JUDGED,
  SEVERE,
  settingsOf,
  type TopicKind,
  type TopicOptions,
} from "./topic-settings.ts";

const NAME = /^[A-Za-z0-9._-]{1,249}$/;
const TOPIC_EXISTS = "TOPIC_ALREADY_EXISTS";
const TOO_FEW_BROKERS = "INVALID_REPLICATION_FACTOR";
/** How long a new topic may take until its partitions have leaders, milliseconds. */
const APPEAR_MS = 15_000;
const CREATE_MS = 5_000;

/** What a broker says of whoever may not make or change topics. */
const FORBIDDEN = new Set(["TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"]);

/** Makes and checks topics. */
export class Topics {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: TopicOptions;
  readonly #at: string;
  /** Topics that this process created: a group that says nothing starts at their beginning. */
  readonly #created = new Set<string>();

  /** `at` is the brokers as a person would give them to Kafka's tools. */
  constructor(cluster: Cluster, clock: Clock, log: Log, options: TopicOptions, at: string) {
    this.#cluster = cluster;
    this.#at = at;
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
    const created = await this.#create(name, "telemetry", partitions ?? this.#options.partitions);
    const count = await this.#appear(name);
    if (!created) await this.#check(name, "telemetry");
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
    const created = await this.#create(name, "state", 1);
    const count = await this.#appear(name);
    if (count !== 1)
      throw new Fault("config", `topic ${name} has ${count} partitions; state has one: use another name`);
    if (!created) await this.#check(name, "state");
  }

  /** True when this call made the topic, of all that may have tried at once. */
  async #create(topic: string, kind: TopicKind, numPartitions: number): Promise<boolean> {
    if ((await this.#find(topic)) !== undefined) return false;
    const replicationFactor = this.#options.replicationFactor ?? Math.min(3, this.#cluster.topology.brokers);
    const settings = settingsOf(kind, this.#options, replicationFactor);
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const created = await this.#cluster.askAny(`creating topic ${topic}`, async (node) => {
      try {
        const topics = [{ topic, numPartitions, replicationFactor, configEntries }];
        await node.createTopics({ topics, timeout: CREATE_MS });
        return true;
      } catch (thrown) {
        const reason = firstOf(thrown);
        const type = reason instanceof Error && "type" in reason ? String(reason.type) : "";
        if (type === TOPIC_EXISTS) return false;
        if (type === TOO_FEW_BROKERS) {
          const way = "start the missing ones, or lower broker::kafka::topics::replication_factor";
          const asked = `topic ${topic} is to have ${replicationFactor} copies of each partition`;
          throw new Fault("config", `${asked}, which takes as many brokers, and fewer are up; ${way}`);
        }
        if (!FORBIDDEN.has(type)) throw reason;
        const line = createLine(this.#at, topic, { partitions: numPartitions, copies: replicationFactor, settings });
        throw new Fault("startup", `topic ${topic} is missing and we may not make it (${type}); have it made: ${line}`);
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

  /**
   * Looks at the settings of a topic that somebody else made. What differs is told with the line that mends it;
   * what is severe ends the start with it.
   */
  async #check(topic: string, kind: TopicKind): Promise<void> {
    const found = await this.#settings(topic);
    if (found === undefined) return;
    const wanted = settingsOf(kind, this.#options, found.copies);
    const differing = differences(wanted, found.settings);
    const severe = differing.filter(({ name }) => SEVERE.has(name));
    if (severe.length > 0) {
      const words = severe.map(({ name, found: is, wanted: should }) => `${name}=${is} and must have ${should}`);
      throw new Fault("config", `topic ${topic} has ${words.join(", ")}: ${alterLine(this.#at, topic, severe)}`);
    }
    for (const { name, found: is, wanted: should, harm } of differing) {
      this.#log.warn(`topic ${topic} has ${name}=${is}, not ${should}: ${harm}`, { topic });
    }
    if (differing.length > 0) {
      this.#log.warn(`to make topic ${topic} as configured: ${alterLine(this.#at, topic, differing)}`, { topic });
    }
    const { replicationFactor } = this.#options;
    if (replicationFactor !== undefined && found.copies < replicationFactor) {
      const way = "kafka-reassign-partitions.sh adds some";
      this.#log.warn(`topic ${topic} has ${found.copies} copies of each partition, not ${replicationFactor}; ${way}`, {
        topic,
      });
    }
  }

  /** Undefined when we may not look. */
  async #settings(
    name: string,
  ): Promise<{ readonly settings: ReadonlyMap<string, string>; readonly copies: number } | undefined> {
    const doing = `reading the settings of topic ${name}`;
    try {
      return await this.#cluster.askAny(doing, async (node) => {
        const { resources } = await node.describeConfigs({ resources: [{ type: 2, name, configNames: JUDGED }] });
        const entries = resources[0]?.configEntries ?? [];
        const { topicMetadata } = await node.metadata([name]);
        const copies = topicMetadata[0]?.partitionMetadata.map(({ replicas }) => replicas.length) ?? [];
        return {
          settings: new Map(entries.map(({ configName, configValue }) => [configName, configValue] as const)),
          copies: Math.min(...copies),
        };
      });
    } catch (thrown) {
      this.#log.warn(`the settings of topic ${name} cannot be checked`, {
        topic: name,
        fault: faultFrom(thrown, doing),
      });
      return undefined;
    }
  }
}

/** kafkajs wraps the errors of several topics; ours are one at a time. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof Error && "errors" in thrown && Array.isArray(thrown.errors) ? thrown.errors[0] : thrown;
}
