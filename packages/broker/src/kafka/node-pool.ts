/** Connected nodes by address, one socket each, for one purpose: what waits on one pool's sockets holds up no other pool. */
import { type Clock, Fault } from "@rondo/core";
import type { Address } from "./exchange.ts";
import { failureOf, faultOf } from "./kafka-fault.ts";
import type { KafkajsNode } from "./kafkajs-node.ts";

/** Makes a node that is not yet connected. */
export type MakeNode = (address: Address) => Promise<KafkajsNode>;

interface Entry {
  readonly made: Promise<KafkajsNode>;
  connecting?: Promise<KafkajsNode> | undefined;
}

/** A broker that refused is left alone for so long, milliseconds: a dead one of three must not cost every call a timeout. */
const REFUSED_MS = 300;

/** The nodes of one purpose. */
export class NodePool {
  readonly #make: MakeNode;
  readonly #clock: Clock;
  readonly #nodes = new Map<string, Entry>();
  /** When a connection was last refused, by address, on the monotonic clock. */
  readonly #refused = new Map<string, number>();
  #closed = false;

  constructor(make: MakeNode, clock: Clock) {
    this.#make = make;
    this.#clock = clock;
  }

  /** The connected node at an address. Throws `unavailable` when it cannot be reached, `startup` when it does not let us in. */
  async at(address: Address): Promise<KafkajsNode> {
    if (this.#closed) throw new Fault("aborted", "the log is closed");
    const key = `${address.host}:${address.port}`;
    let entry = this.#nodes.get(key);
    if (entry === undefined) {
      entry = { made: this.#make(address) };
      this.#nodes.set(key, entry);
    }
    entry.connecting ??= this.#connect(entry, key);
    return await entry.connecting;
  }

  async #connect(entry: Entry, key: string): Promise<KafkajsNode> {
    try {
      const node = await entry.made;
      if (node.isConnected()) return node;
      const refusedAt = this.#refused.get(key);
      if (refusedAt !== undefined && this.#clock.monotonic() - refusedAt < REFUSED_MS) {
        throw new Fault("unavailable", `broker ${key} could not be reached a moment ago`);
      }
      await node.connect();
      this.#refused.delete(key);
      return node;
    } catch (thrown) {
      if (!(thrown instanceof Fault)) this.#refused.set(key, this.#clock.monotonic());
      if (this.#nodes.get(key) === entry) this.#nodes.delete(key);
      throw faultOf(failureOf(thrown), `connecting to broker ${key}`, thrown);
    } finally {
      entry.connecting = undefined;
    }
  }

  /**
   * Forgets a node that failed to answer: its socket is closed, and the next call makes another. The same kafkajs connection
   * must not be opened again while it is closing, or it closes the new socket.
   */
  async drop(node: KafkajsNode): Promise<void> {
    for (const [key, entry] of this.#nodes) {
      if ((await entry.made) === node && this.#nodes.get(key) === entry) this.#nodes.delete(key);
    }
    await node.disconnect().catch(() => undefined);
  }

  /** Closes every socket, once what is under way on it was answered or timed out. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#nodes.values()].map(async ({ made, connecting }) => {
        await connecting?.catch(() => undefined);
        await made.then((node) => node.disconnect()).catch(() => undefined);
      }),
    );
    this.#nodes.clear();
  }
}
