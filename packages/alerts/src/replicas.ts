/**
 * Which alert workers live, and which of them should evaluate a group: the one whose name hashes highest with the group's.
 * It only spreads the work. Two that think differently of who lives compete for a lease, and one of them gets it.
 */

import { createHash } from "node:crypto";
import { escapeName, type StateStore } from "@rondo/broker";
import { type Clock, Fault, sleep } from "@rondo/core";

/** Under what replicas show that they live. */
const PREFIX = "alerts-replicas/";

/** How often a replica shows that it lives, milliseconds. */
export const BEAT_MS = 1_500;

/** A replica that has shown nothing for this long is taken for dead, milliseconds. */
export const SILENT_MS = 6_000;

/** What membership needs. */
export interface ReplicasOptions {
  readonly state: StateStore;
  readonly instance: string;
  readonly clock: Clock;
  /** Called with a Fault when the store cannot be asked, and with nothing when it can again. */
  readonly reachable: (fault: Fault | undefined) => void;
}

/** The replicas as this one sees them. */
export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #own: string;
  /** By key: what a replica last showed, and when that was first seen here; its own clock is not asked. */
  #seen = new Map<string, { readonly shown: string; readonly at: number }>();
  #beats = 0;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    this.#own = PREFIX + escapeName(options.instance);
  }

  /** Shows that this replica lives, and looks for the others, until `stop`; then it says goodbye. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, state, reachable } = this.#options;
    while (!stop.aborted) {
      try {
        await this.beat();
        reachable(undefined);
      } catch (thrown) {
        reachable(Fault.from(thrown, "unavailable"));
      }
      await sleep(clock, BEAT_MS, stop);
    }
    // Whoever cannot say goodbye is missed after a while.
    await state.put([{ key: this.#own, value: null }]).catch(() => undefined);
  }

  /** One sign of life and one look. */
  async beat(): Promise<void> {
    const { state, clock } = this.#options;
    await state.put([{ key: this.#own, value: new TextEncoder().encode(`${clock.now()} ${this.#beats++}`) }]);
    const now = clock.monotonic();
    const seen = new Map<string, { shown: string; at: number }>();
    for (const [key, value] of await state.list(PREFIX)) {
      const shown = new TextDecoder().decode(value);
      const before = this.#seen.get(key);
      seen.set(key, before?.shown === shown ? before : { shown, at: now });
    }
    this.#seen = seen;
  }

  /** Whether this replica should be the one that evaluates a group, of those that live. */
  shouldOwn(group: string): boolean {
    const now = this.#options.clock.monotonic();
    const own = weight(this.#own, group);
    for (const [key, { at }] of this.#seen) {
      if (key !== this.#own && now - at < SILENT_MS && weight(key, group) > own) return false;
    }
    return true;
  }
}

function weight(replica: string, group: string): bigint {
  return createHash("sha256")
    .update(JSON.stringify([replica, group]))
    .digest()
    .readBigUInt64BE();
}
