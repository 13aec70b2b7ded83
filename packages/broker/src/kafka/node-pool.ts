/** Connected nodes by address, one socket each, for one purpose: what waits on one pool's sockets holds up no other pool. */
import { type Clock, Fault } from "@rondo/core";
import type { Address } from "./exchange.ts";
import { failureOf, faultOf } from "./kafka-fault.ts";
import type { KafkajsNode } from "./kafkajs-node.ts";

/** Makes a node that is not yet connected. */
export type MakeNode = (address: Address) => Promise<KafkajsNode>;

interface Entry {
  readonly opening: Promise<KafkajsNode>;
  /** Once it is open. */
  node?: KafkajsNode;
}

/** A broker that refused is left alone for so long, milliseconds: a dead one of three must not cost every call a timeout. */
const REFUSED_MS = 300;

/** The nodes of one purpose. */
export class NodePool {
  readonly #make: MakeNode;
  readonly #clock: Clock;
  readonly #nodes = new Map<string, Entry>();
  /** When and why a connection was last refused, by address; on the monotonic clock. */
  readonly #refused = new Map<string, { readonly at: number; readonly fault: Fault }>();
  #closed = false;

  constructor(make: MakeNode, clock: Clock) {
    this.#make = make;
    this.#clock = clock;
  }

  /** The connected node at an address. Throws `unavailable` when it cannot be reached, `startup` when it does not let us in. */
  async at(address: Address): Promise<KafkajsNode> {
    if (this.#closed) throw new Fault("aborted", "the log is closed");
    const key = `${address.host}:${address.port}`;
    const known = this.#nodes.get(key);
    if (known?.node?.isConnected() === true) return known.node;
    if (known !== undefined && known.node === undefined) return await known.opening;
    // Its socket broke, or its session with SASL is about to end. It is never opened again: kafkajs would close the new socket
    // for the old one, and take the answers to requests under way for those of its authentication.
    void known?.node?.disconnect().catch(() => undefined);
    const entry: Entry = { opening: this.#open(address, key) };
    this.#nodes.set(key, entry);
    try {
      entry.node = await entry.opening;
      return entry.node;
    } catch (thrown) {
      if (this.#nodes.get(key) === entry) this.#nodes.delete(key);
      throw thrown;
    }
  }

  async #open(address: Address, key: string): Promise<KafkajsNode> {
    const refused = this.#refused.get(key);
    if (refused !== undefined && this.#clock.monotonic() - refused.at < REFUSED_MS) throw refused.fault;
    try {
      const node = await this.#make(address);
      await node.connect();
      this.#refused.delete(key);
      return node;
    } catch (thrown) {
      const fault = faultOf(failureOf(thrown), `connecting to broker ${key}`, thrown);
      this.#refused.set(key, { at: this.#clock.monotonic(), fault });
      throw fault;
    }
  }

  /** Forgets a node that failed to answer, and closes its socket; the next call makes another. */
  async drop(node: KafkajsNode): Promise<void> {
    for (const [key, entry] of this.#nodes) if (entry.node === node) this.#nodes.delete(key);
    await node.disconnect().catch(() => undefined);
  }

  /** Closes every socket, once what is under way on it was answered or timed out. */
  async close(): Promise<void> {
    this.#closed = true;
    const opened = [...this.#nodes.values()].map(({ opening }) => opening.then((node) => node.disconnect()));
    await Promise.allSettled(opened);
    this.#nodes.clear();
  }
}
