/** The log in memory, for tests: the whole Broker interface with its leases and generations, and ways to hold, fail and crash it. */
import {
  APPEND_HEADROOM,
  type Broker,
  type GroupSpec,
  type GroupStart,
  type LogRecord,
  type NewRecord,
  recordBytes,
  type StateStore,
  valueBytes,
} from "@rondo/broker";
import { type Clock, Fault, systemClock } from "@rondo/core";
import { type MemoryGroup, memoryGroup } from "./memory-group.ts";
import { type BeforeAppend, type MemoryPartition, memoryPartition } from "./memory-partition.ts";
import { memoryState } from "./memory-state.ts";

/** How a test log behaves. */
export interface MemoryBrokerOptions {
  readonly clock?: Clock;
  /** Partitions of a topic whose spec does not say; 1 when absent. */
  readonly partitions?: number;
  /** The largest value that `append` takes; 4 MiB when absent. */
  readonly maxRecordBytes?: number;
}

/** A Broker whose inside a test may see and disturb. */
export interface MemoryBroker extends Broker {
  /** Set it to hold or to fail appends; undefined lets them pass. */
  beforeAppend: BeforeAppend | undefined;
  /** Everything kept of a topic: partition by partition, in offset order. */
  records(topic: string): readonly LogRecord[];
  /** Forgets everything below `low`, as retention does. */
  trim(topic: string, partition: number, low: number): void;
  /** Ends every member as kill −9 would; records, state and commits stay, and new members may join. */
  crash(): void;
  /** Closes this broker and opens another one over what it left behind, as the next process would. */
  restart(): Promise<MemoryBroker>;
}

/** What outlives a process. */
interface Store {
  readonly topics: Map<string, readonly MemoryPartition[]>;
  /** Topics that this process created. */
  readonly fresh: Set<string>;
  readonly groups: Map<string, MemoryGroup>;
  readonly state: StateStore;
  beforeAppend: BeforeAppend | undefined;
}

/** An empty log. It lives as long as the returned object; `close` makes every further call fail with `aborted`. */
export function memoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  return openStore(
    { topics: new Map(), fresh: new Set(), groups: new Map(), state: memoryState(), beforeAppend: undefined },
    options,
  );
}

function openStore(store: Store, options: MemoryBrokerOptions): MemoryBroker {
  const { clock = systemClock, partitions: usual = 1, maxRecordBytes = 4 << 20 } = options;
  const { topics, fresh, groups, state } = store;
  let closed = false;

  const open = () => {
    if (closed) throw new Fault("aborted", "the log is closed");
  };
  const topicOf = (name: string) => {
    open();
    const found = topics.get(name);
    if (found === undefined) throw new Fault("not_found", `there is no topic ${name}`);
    return found;
  };
  const partitionOf = (topic: string, partition: number) => {
    const found = topicOf(topic)[partition];
    if (found === undefined) throw new Fault("not_found", `topic ${topic} has no partition ${partition}`);
    return found;
  };
  const groupOf = (name: string) => {
    open();
    const found = groups.get(name);
    if (found === undefined) throw new Fault("not_found", `group ${name} was never registered`);
    return found;
  };
  /** Looks at every record before it writes the first: an append is none or all. */
  const append = async (topic: string, partition: number, records: readonly NewRecord[], check: () => void) => {
    const log = partitionOf(topic, partition);
    for (const { value } of records) {
      const bytes = valueBytes(value);
      if (bytes > maxRecordBytes) {
        throw new Fault("too_large", `a record of ${bytes} B exceeds maxRecordBytes ${maxRecordBytes}`);
      }
    }
    // As Kafka, whose batches are bounded by the topic.
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    if (bytes > maxRecordBytes + APPEND_HEADROOM) {
      throw new Fault("too_large", `an append of ${bytes} B exceeds ${maxRecordBytes + APPEND_HEADROOM}`);
    }
    return await log.append(records, check);
  };

  const broker: MemoryBroker = {
    get beforeAppend() {
      return store.beforeAppend;
    },
    set beforeAppend(hook) {
      store.beforeAppend = hook;
    },
    state,
    maxRecordBytes,
    async ensureTopics(specs) {
      open();
      return specs.map(({ name, partitions }) => {
        const existing = topics.get(name);
        if (existing !== undefined) {
          if (partitions !== undefined && partitions !== existing.length) {
            throw new Fault("config", `topic ${name} has ${existing.length} partitions, not ${partitions}`);
          }
          return { name, partitions: existing.length, created: false };
        }
        const made = Array.from({ length: partitions ?? usual }, (_, index) =>
          memoryPartition(name, index, clock, () => store.beforeAppend),
        );
        topics.set(name, made);
        fresh.add(name);
        return { name, partitions: made.length, created: true };
      });
    },
    async registerGroup(spec) {
      open();
      const known = groups.get(spec.group);
      if (known !== undefined) return known.position();
      const partitions = topicOf(spec.topic);
      const start = spec.start ?? (fresh.has(spec.topic) ? "earliest" : "latest");
      const registered = partitions.map((log) => firstOffset(log, start));
      const made = memoryGroup(spec, registered, { partitions, state });
      groups.set(spec.group, made);
      return made.position();
    },
    async groups() {
      open();
      return [...groups.values()].map(({ spec }) => spec);
    },
    async position(group) {
      return groupOf(group).position();
    },
    async join(spec: GroupSpec, onClaim, onFailure) {
      return await groupOf(spec.group).join(append, onClaim, onFailure);
    },
    append: (topic, partition, records) => append(topic, partition, records, open),
    async read(topic, partition, offset, maxBytes) {
      return partitionOf(topic, partition).slice(offset, maxBytes);
    },
    async watermarks(topic, partition) {
      return partitionOf(topic, partition).watermarks();
    },
    async ranges(wanted) {
      return new Map(wanted.map((topic) => [topic, topicOf(topic).map((log) => log.watermarks())]));
    },
    async partitions(topic) {
      return topicOf(topic).length;
    },
    records: (topic) => topicOf(topic).flatMap((log) => log.slice(0, Number.POSITIVE_INFINITY)),
    trim: (topic, partition, low) => partitionOf(topic, partition).trim(low),
    crash() {
      fresh.clear();
      for (const group of groups.values()) group.crash();
    },
    async restart() {
      await broker.close();
      fresh.clear();
      return openStore(store, options);
    },
    async close() {
      if (closed) return;
      await Promise.all([...groups.values()].map((group) => group.close()));
      closed = true;
    },
  };
  return broker;
}

/** A time that is later than everything kept means the end, as with a real log. */
function firstOffset(log: MemoryPartition, start: GroupStart): number {
  const { low, high } = log.watermarks();
  if (start === "earliest") return low;
  if (start === "latest") return high;
  return log.slice(low, Number.POSITIVE_INFINITY).find(({ timestamp }) => timestamp >= start.since)?.offset ?? high;
}
