/** Holds a lease: renews it in time, and knows by its own clock when it can no longer be sure of it. */
import { type Clock, Fault } from "@rondo/core";
import type { Leases } from "@rondo/windows";

/** How long a lease lasts without renewal, milliseconds. */
export const LEASE_MS = 9_000;

/** How often it is renewed, milliseconds. */
export const RENEW_MS = 3_000;

/** How long before its end a lease is no longer relied on, milliseconds: clocks differ, and so do roads to the store. */
const MARGIN_MS = 500;

/** `held`: ours. `unsure`: it has run out while the other side could not be asked. `lost`: another's, or nobody's; for good. */
export type LeaseStanding = "held" | "unsure" | "lost";

/** A lease that was acquired. */
export interface HeldLease {
  /** By the clock alone; asks nobody. */
  standing(): LeaseStanding;
  /** Asks the other side; whether the lease is ours beyond doubt. */
  confirm(): Promise<boolean>;
  /** Fires when the lease is lost. */
  readonly lost: AbortSignal;
  /** Stops renewing and gives the lease back. */
  release(): Promise<void>;
}

/** What a lease is held with. */
export interface HoldLeaseOptions {
  readonly leases: Leases;
  readonly name: string;
  readonly holder: string;
  readonly clock: Clock;
  /** Called when the other side cannot be asked, and when it can again. */
  readonly reachable: (fault: Fault | undefined) => void;
}

/** Tries to acquire; undefined when another has it. Throws a Fault `unavailable` when nobody can be asked. */
export async function holdLease(options: HoldLeaseOptions): Promise<HeldLease | undefined> {
  const { leases, name, holder, clock } = options;
  const asked = clock.monotonic();
  if (!(await leases.acquire(name, holder, LEASE_MS))) return undefined;
  return new Held(options, asked);
}

class Held implements HeldLease {
  readonly #options: HoldLeaseOptions;
  readonly #lost = new AbortController();
  /** When the last renewal that succeeded was asked for: the lease lasts from then at least. */
  #since: number;
  #cancel: () => void;
  #released = false;
  #asking: Promise<boolean> | undefined;

  constructor(options: HoldLeaseOptions, since: number) {
    this.#options = options;
    this.#since = since;
    this.#cancel = this.#renewLater();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  standing(): LeaseStanding {
    if (this.#lost.signal.aborted || this.#released) return "lost";
    return this.#options.clock.monotonic() - this.#since < LEASE_MS - MARGIN_MS ? "held" : "unsure";
  }

  confirm(): Promise<boolean> {
    if (this.standing() === "lost") return Promise.resolve(false);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    const { leases, name, holder, clock, reachable } = this.#options;
    const asked = clock.monotonic();
    try {
      const ours = await leases.renew(name, holder, LEASE_MS);
      reachable(undefined);
      if (ours) this.#since = asked;
      else this.#lost.abort();
      return ours && this.standing() === "held";
    } catch (thrown) {
      reachable(Fault.from(thrown, "unavailable"));
      return false;
    }
  }

  #renewLater(): () => void {
    return this.#options.clock.after(
      RENEW_MS,
      () => {
        void this.confirm().then(() => {
          if (!this.#released && !this.#lost.signal.aborted) this.#cancel = this.#renewLater();
        });
      },
      { background: true },
    );
  }

  async release(): Promise<void> {
    const { leases, name, holder } = this.#options;
    this.#released = true;
    this.#cancel();
    await this.#asking;
    // One that cannot be given back runs out by itself.
    await leases.release(name, holder).catch(() => undefined);
  }
}
