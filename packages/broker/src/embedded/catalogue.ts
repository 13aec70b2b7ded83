/** Which topics and groups there are, where groups start and stand: the broker's own facts, in the store under short prefixes. */
import { Fault } from "@rondo/core";
import type { GroupPosition, GroupSpec, TopicState } from "../log.ts";
import { retiredKey } from "../retired.ts";
import type { StateWrite } from "../state.ts";
import type { Unread } from "./retention.ts";
import { prefixedWrites, type Store } from "./store.ts";

/** Prefix of the keys of `rondo.state`. */
export const STATE_PREFIX = "s/";

const TOPIC = "t/";
const GROUP = "g/";
const COMMIT = "c/";

/** A topic: its partitions are the journal's streams `firstStream`, `firstStream + 1`, … */
export interface Topic {
  readonly name: string;
  readonly partitions: number;
  readonly firstStream: number;
}

/** A registered group, with its first offset for every partition. */
export interface Registered {
  readonly spec: GroupSpec;
  readonly registered: readonly number[];
}

const NAME = /^[A-Za-z0-9._-]{1,249}$/;
const MAX_STREAMS = 65_536;

/** The facts, read once at start and kept in memory; every change is durable before it is seen here. */
export class Catalogue {
  readonly #store: Store;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, Registered>();
  readonly #commits = new Map<string, number>();
  /** Topics that this process created: a group that says nothing starts at their beginning. */
  readonly #created = new Set<string>();

  constructor(store: Store) {
    this.#store = store;
    for (const [key, value] of store.list(TOPIC)) this.#topics.set(key.slice(TOPIC.length), parse<Topic>(value));
    for (const [key, value] of store.list(GROUP)) this.#groups.set(key.slice(GROUP.length), parse<Registered>(value));
    for (const [key, value] of store.list(COMMIT)) this.#commits.set(key.slice(COMMIT.length), parse<number>(value));
  }

  /** Throws `not_found`. */
  topic(name: string): Topic {
    const found = this.#topics.get(name);
    if (found === undefined) throw new Fault("not_found", `there is no topic ${name}`);
    return found;
  }

  /** Every topic. */
  topics(): readonly Topic[] {
    return [...this.#topics.values()];
  }

  /** The stream of a partition; throws `not_found`. */
  stream(name: string, partition: number): number {
    const { partitions, firstStream } = this.topic(name);
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
      throw new Fault("not_found", `topic ${name} has no partition ${partition}; it has ${partitions}`);
    }
    return firstStream + partition;
  }

  /** Whether this process made the topic. */
  isFresh(name: string): boolean {
    return this.#created.has(name);
  }

  /** Makes a topic if it is missing. Throws `config` for a name that cannot be or another number of partitions. */
  async ensureTopic(name: string, wanted: number | undefined, usual: number): Promise<TopicState> {
    if (!NAME.test(name)) throw new Fault("config", `"${name}" is no topic name: 1 to 249 of A-Z a-z 0-9 . _ -`);
    let made: Topic | undefined;
    if (!this.#topics.has(name)) {
      await this.#store.write((read) => {
        if (read(TOPIC + name) !== undefined) return [];
        const count = read("streams");
        const firstStream = count === undefined ? 0 : parse<number>(count);
        const partitions = wanted ?? usual;
        if (firstStream + partitions > MAX_STREAMS) {
          throw new Fault("config", `topic ${name}: more than ${MAX_STREAMS} partitions in all; use fewer`);
        }
        made = { name, partitions, firstStream };
        return [write(TOPIC + name, made), write("streams", firstStream + partitions)];
      });
    }
    if (made !== undefined) {
      this.#topics.set(name, made);
      this.#created.add(name);
    }
    const { partitions } = this.#topics.get(name) ?? (await this.#reread(name));
    if (wanted !== undefined && wanted !== partitions) {
      throw new Fault(
        "config",
        `topic ${name} has ${partitions} partitions, not ${wanted}; ask for ${partitions}, or begin in an empty data directory`,
      );
    }
    return { name, partitions, created: made !== undefined };
  }

  /** Throws `not_found`. */
  group(name: string): Registered {
    const found = this.#groups.get(name);
    if (found === undefined) throw new Fault("not_found", `group ${name} was never registered`);
    return found;
  }

  /** Every group ever registered. */
  groups(): readonly Registered[] {
    return [...this.#groups.values()];
  }

  /** Whether a group was registered. */
  hasGroup(name: string): boolean {
    return this.#groups.has(name);
  }

  /** Registers a group; the first registration wins. */
  async register(spec: GroupSpec, registered: readonly number[]): Promise<void> {
    let stands: Registered = { spec, registered };
    await this.#store.write((read) => {
      const first = read(GROUP + spec.group);
      if (first !== undefined) stands = parse<Registered>(first);
      return first === undefined ? [write(GROUP + spec.group, stands)] : [];
    });
    this.#groups.set(spec.group, stands);
  }

  /** Where a group stands on every partition of its topic; throws `not_found`. */
  position(name: string): readonly GroupPosition[] {
    return this.group(name).registered.map((registered, partition) => {
      const committed = this.committed(name, partition);
      return committed === undefined ? { partition, registered } : { partition, registered, committed };
    });
  }

  /** The last commit of a group on a partition; undefined when there is none. */
  committed(group: string, partition: number): number | undefined {
    return this.#commits.get(`${group}/${partition}`);
  }

  /** The highest commit of any group on a partition; 0 when there is none. */
  highestCommit(topic: string, partition: number): number {
    return this.groups()
      .filter(({ spec }) => spec.topic === topic)
      .reduce((highest, { spec }) => Math.max(highest, this.committed(spec.group, partition) ?? 0), 0);
  }

  /** The group that has settled least of a stream; undefined when none reads it that is not retired. */
  slowest(stream: number): Unread | undefined {
    let slowest: Unread | undefined;
    for (const { spec, registered } of this.#groups.values()) {
      const topic = this.#topics.get(spec.topic);
      const partition = topic === undefined ? -1 : stream - topic.firstStream;
      const first = registered[partition];
      if (first === undefined) continue;
      const offset = this.committed(spec.group, partition) ?? first;
      if (slowest !== undefined && offset >= slowest.offset) continue;
      if (this.#store.get(STATE_PREFIX + retiredKey(spec.group)) === undefined) slowest = { group: spec.group, offset };
    }
    return slowest;
  }

  /** Commits with the state that is true for it, in one transaction; `check` runs in its turn and may throw to withdraw. */
  async commit(
    group: string,
    partition: number,
    offset: number,
    state: readonly StateWrite[],
    check: () => void,
  ): Promise<void> {
    const key = `${group}/${partition}`;
    let stands = offset;
    await this.#store.write((read) => {
      check();
      const before = read(COMMIT + key);
      const stood = before === undefined ? -1 : parse<number>(before);
      stands = Math.max(offset, stood);
      const writes = prefixedWrites(STATE_PREFIX, state);
      return stands > stood ? [...writes, write(COMMIT + key, offset)] : writes;
    });
    this.#commits.set(key, Math.max(stands, this.#commits.get(key) ?? 0));
  }

  async #reread(name: string): Promise<Topic> {
    const value = this.#store.get(TOPIC + name);
    if (value === undefined) throw new Fault("bug", `topic ${name} was made and is not there`);
    const topic = parse<Topic>(value);
    this.#topics.set(name, topic);
    return topic;
  }
}

function write(key: string, value: unknown): StateWrite {
  return { key, value: Buffer.from(JSON.stringify(value)) };
}

/** Reads what `write` above wrote under the same prefix: the prefix decides the type. */
function parse<T>(value: Uint8Array): T {
  return JSON.parse(Buffer.from(value).toString()) as T;
}
