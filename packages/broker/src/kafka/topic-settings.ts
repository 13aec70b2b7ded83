/** The settings of a topic that the rules of the log need, and what is said of one that was made with others. */

/** Settings by Kafka's names. */
export type TopicSettings = Readonly<Record<string, string>>;

/** How topics are made. */
export interface TopicOptions {
  /** Partitions of a topic whose spec does not say. */
  readonly partitions: number;
  /** Copies of each partition; absent: three, or as many as there are brokers. */
  readonly replicationFactor?: number;
  /** Copies that must have a record before it counts as written; absent: two of three, else one. */
  readonly minInsyncReplicas?: number;
  /** Records are kept for so long, milliseconds. */
  readonly retentionMs: number;
  /** A partition is kept up to this size, bytes; absent: whatever its age allows. */
  readonly retentionBytes?: number;
  /** The largest batch that a topic must take, bytes. */
  readonly maxBatchBytes: number;
}

/** What a topic is for: telemetry is kept for a time, state is kept by key. */
export type TopicKind = "telemetry" | "state";

/**
 * `rondo.state` is read from its beginning by every process that starts: small segments and an eager cleaner keep that short.
 * The active segment is never compacted.
 */
const STATE: TopicSettings = {
  "cleanup.policy": "compact",
  "segment.bytes": String(16 << 20),
  "min.cleanable.dirty.ratio": "0.2",
};

/** The settings of a topic with so many copies of each partition. */
export function settingsOf(kind: TopicKind, options: TopicOptions, copies: number): TopicSettings {
  const { minInsyncReplicas, retentionMs, retentionBytes, maxBatchBytes } = options;
  const own = {
    "cleanup.policy": "delete",
    "retention.ms": String(retentionMs),
    "retention.bytes": String(retentionBytes ?? -1),
  };
  // With three copies one may be missing: written twice is safe, and a broker can be restarted.
  const insync = minInsyncReplicas ?? (copies >= 3 ? 2 : 1);
  return {
    ...(kind === "telemetry" ? own : STATE),
    "max.message.bytes": String(maxBatchBytes),
    "message.timestamp.type": "LogAppendTime",
    // More than there are copies would refuse every record.
    "min.insync.replicas": String(Math.min(insync, copies)),
    // A broker that missed records and leads nevertheless has lost them.
    "unclean.leader.election.enable": "false",
  };
}

/** How a setting that is not as it should be harms; those that are not named here harm nobody. */
const HARM: Readonly<Record<string, string>> = {
  "cleanup.policy": "compaction refuses records without a key, and without it state is lost",
  "retention.ms": "records are kept for another time than configured",
  "retention.bytes": "records are kept up to another size than configured",
  "max.message.bytes": "large records are refused",
  "message.timestamp.type": "it keeps its writers' clocks, by which held components and lag in seconds go wrong",
  "min.insync.replicas": "a record may count as written with fewer copies than it needs to be safe",
  "unclean.leader.election.enable": "a broker that missed records may lead, and they are lost",
};

/** With another value of these nothing can be written, or state is lost: there is no going on. */
export const SEVERE: ReadonlySet<string> = new Set(["cleanup.policy", "max.message.bytes"]);

/** Settings whose other value harms only when it is lower. */
const AT_LEAST = new Set(["max.message.bytes", "min.insync.replicas"]);

/** A setting of a topic that is not as it should be. */
export interface Difference {
  readonly name: string;
  readonly found: string;
  readonly wanted: string;
  /** What comes of it. */
  readonly harm: string;
}

/** What of the settings that were found does harm; what was not found cannot be judged. */
export function differences(wanted: TopicSettings, found: ReadonlyMap<string, string>): readonly Difference[] {
  return Object.entries(HARM).flatMap(([name, harm]) => {
    const [should, is] = [wanted[name], found.get(name)];
    if (should === undefined || is === undefined || is === should) return [];
    return AT_LEAST.has(name) && Number(is) >= Number(should) ? [] : [{ name, found: is, wanted: should, harm }];
  });
}

/** The names of all settings that `differences` looks at. */
export const JUDGED: readonly string[] = Object.keys(HARM);

/** The line that mends them. */
export function alterLine(brokers: string, topic: string, mending: readonly Difference[]): string {
  const settings = mending.map(({ name, wanted }) => `${name}=${wanted}`).join();
  return `kafka-configs.sh --bootstrap-server ${brokers} --alter --topic ${topic} --add-config ${settings}`;
}

/** The line that makes a topic, for whoever may. */
export function createLine(
  brokers: string,
  topic: string,
  {
    partitions,
    copies,
    settings,
  }: { readonly partitions: number; readonly copies: number; readonly settings: TopicSettings },
): string {
  const more = Object.entries(settings).map(([name, value]) => `--config ${name}=${value}`);
  const made = `--create --topic ${topic} --partitions ${partitions} --replication-factor ${copies}`;
  return [`kafka-topics.sh --bootstrap-server ${brokers}`, made, ...more].join(" ");
}
