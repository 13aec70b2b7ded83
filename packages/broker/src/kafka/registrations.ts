/** Which groups there are and where each began: facts of `rondo.state`, of which the first one ever written wins. */
import { Fault } from "@rondo/core";
import type { GroupPosition, GroupSpec, GroupStart } from "../log.ts";
import type { StateStore } from "../state.ts";
import type { Cluster } from "./cluster.ts";
import { committedOffsets } from "./group-member.ts";
import type { Topics } from "./topics.ts";

/** A registered group, with its first offset for every partition. */
export interface Registered {
  readonly spec: GroupSpec;
  readonly registered: readonly number[];
}

/** The groups of a deployment. */
export class Registrations {
  readonly #state: StateStore;
  readonly #cluster: Cluster;
  readonly #topics: Topics;
  /** A registration never changes. */
  readonly #known = new Map<string, Registered>();

  constructor(state: StateStore, cluster: Cluster, topics: Topics) {
    this.#state = state;
    this.#cluster = cluster;
    this.#topics = topics;
  }

  /**
   * The group with a first offset for every partition that its topic has now. A partition that was added since the group was
   * registered is read from its beginning: nothing in it was written before. Throws `not_found`, `unavailable`.
   */
  async get(group: string): Promise<Registered> {
    const known = this.#known.get(group) ?? this.#remember(await this.#state.get(group));
    if (known === undefined) throw new Fault("not_found", `group ${group} was never registered`);
    const { spec, registered } = known;
    const count = await this.#topics.partitions(spec.topic);
    return { spec, registered: Array.from({ length: count }, (_, partition) => registered[partition] ?? 0) };
  }

  /** Registers a group unless it is. Throws `not_found` without its topic. */
  async register(spec: GroupSpec): Promise<readonly GroupPosition[]> {
    const { group, topic } = spec;
    if ((this.#known.get(group) ?? this.#remember(await this.#state.get(group))) === undefined) {
      const count = await this.#topics.partitions(topic);
      const start = spec.start ?? (this.#topics.isFresh(topic) ? "earliest" : "latest");
      const partitions = Array.from({ length: count }, (_, partition) => partition);
      const registered = await Promise.all(partitions.map((partition) => this.#firstOffset(topic, partition, start)));
      const own: Registered = { spec, registered };
      this.#remember(await this.#state.putFirst(group, Buffer.from(JSON.stringify(own))));
    }
    return await this.position(group);
  }

  /** Every group ever registered. */
  async all(): Promise<readonly GroupSpec[]> {
    return (await this.#state.list("")).map(([, value]) => parse(value).spec);
  }

  /** Where a group stands on every partition; throws `not_found`. */
  async position(group: string): Promise<readonly GroupPosition[]> {
    const { spec, registered } = await this.get(group);
    const partitions = registered.map((_, partition) => partition);
    const committed = await this.#cluster.askCoordinator(group, `looking up the commits of group ${group}`, (node) =>
      committedOffsets(node, spec, partitions),
    );
    return registered.map((first, partition) => {
      const offset = committed.get(partition);
      return offset === undefined
        ? { partition, registered: first }
        : { partition, registered: first, committed: offset };
    });
  }

  async #firstOffset(topic: string, partition: number, start: GroupStart): Promise<number> {
    if (typeof start === "object") return await this.#cluster.offsetSince(topic, partition, start.since);
    const { low, high } = await this.#cluster.watermarks(topic, partition);
    return start === "earliest" ? low : high;
  }

  #remember(value: Uint8Array | undefined): Registered | undefined {
    if (value === undefined) return undefined;
    const found = parse(value);
    this.#known.set(found.spec.group, found);
    return found;
  }
}

/** Reads what `register` above wrote. */
function parse(value: Uint8Array): Registered {
  return JSON.parse(Buffer.from(value).toString()) as Registered;
}
