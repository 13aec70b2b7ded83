/** Which brokers there are and who leads what: asked when needed, remembered until somebody finds it is no longer so. */
import { Fault } from "@rondo/core";
import { type Address, type MetadataAnswer, metadataExchange } from "./exchange.ts";
import { failureOfCode, faultOf } from "./kafka-fault.ts";
import { exchange } from "./kafkajs-node.ts";
import type { NodePool } from "./node-pool.ts";

/** Partition number to its leader's node id, −1 while it has none. */
type Leaders = ReadonlyMap<number, number>;

const UNKNOWN_TOPIC = 3;

/** The cluster as last seen. */
export class Topology {
  readonly #pool: NodePool;
  readonly #bootstrap: readonly Address[];
  readonly #topics = new Map<string, Leaders>();
  readonly #asking = new Map<string, Promise<Leaders>>();
  #brokers: ReadonlyMap<number, Address> = new Map();

  /** `bootstrap` is where to ask first, as the configuration names it. */
  constructor(pool: NodePool, bootstrap: readonly Address[]) {
    this.#pool = pool;
    this.#bootstrap = bootstrap;
  }

  /** How many brokers there are, at most as many as have been up since. At least one. */
  get brokers(): number {
    return Math.max(1, this.#brokers.size);
  }

  /** Any broker that answers. Throws `unavailable`. */
  async any(): Promise<Address> {
    return (await this.#ask([])).from;
  }

  /** The leaders of a topic's partitions; undefined when there is no such topic. Throws `unavailable`. */
  async leaders(topic: string): Promise<Leaders | undefined> {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    let asking = this.#asking.get(topic);
    if (asking === undefined) {
      asking = this.#fetch(topic).finally(() => this.#asking.delete(topic));
      this.#asking.set(topic, asking);
    }
    const found = await asking;
    return found.size === 0 ? undefined : found;
  }

  /** The leader of a partition. Throws `not_found`, and `unavailable` while there is none. */
  async leader(topic: string, partition: number): Promise<Address> {
    const leaders = await this.leaders(topic);
    if (leaders === undefined) throw new Fault("not_found", `there is no topic ${topic}`);
    const id = leaders.get(partition);
    if (id === undefined) {
      throw new Fault("not_found", `topic ${topic} has no partition ${partition}; it has ${leaders.size}`);
    }
    const address = this.#brokers.get(id);
    if (address !== undefined) return address;
    this.forget(topic);
    throw new Fault("unavailable", `partition ${partition} of ${topic} has no leader`);
  }

  /** The address of a broker by its id; undefined when it was not there when last asked. */
  broker(id: number): Address | undefined {
    return this.#brokers.get(id);
  }

  /** What is known of a topic is wrong; the next question asks the cluster. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  async #fetch(topic: string): Promise<Leaders> {
    const { answer } = await this.#ask([topic]);
    const found = answer.topics.find((one) => one.topic === topic);
    if (found === undefined || found.error === UNKNOWN_TOPIC) return new Map();
    // Kafka calls a topic without leaders wrong, and lists its partitions nevertheless.
    if (found.error !== 0 && found.leaders.size === 0) {
      throw faultOf(failureOfCode(found.error), `looking up topic ${topic}`);
    }
    this.#topics.set(topic, found.leaders);
    return found.leaders;
  }

  /** Asks the brokers known and configured, one after the other, until one answers. */
  async #ask(topics: readonly string[]): Promise<{ readonly answer: MetadataAnswer; readonly from: Address }> {
    const tried = new Set<string>();
    let last: unknown;
    for (const address of [...this.#brokers.values(), ...this.#bootstrap]) {
      const key = `${address.host}:${address.port}`;
      if (tried.has(key)) continue;
      tried.add(key);
      try {
        const node = await this.#pool.at(address);
        try {
          const answer = await exchange(node, metadataExchange(topics));
          if (answer.brokers.size > 0) this.#brokers = answer.brokers;
          return { answer, from: address };
        } catch (thrown) {
          void this.#pool.drop(node);
          throw thrown;
        }
      } catch (thrown) {
        // Not being let in is not healed by asking elsewhere.
        if (thrown instanceof Fault && thrown.code !== "unavailable") throw thrown;
        last = thrown;
      }
    }
    const reason = last instanceof Error ? `: ${last.message}` : "";
    throw new Fault("unavailable", `no Kafka broker answers at ${[...tried].join(", ")}${reason}`, { cause: last });
  }
}
