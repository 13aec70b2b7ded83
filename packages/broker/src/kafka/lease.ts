/**
 * How long a member may believe that its partitions are its own: until the session that its last acknowledged heartbeat
 * began could have run out at the broker, less a margin. Counted from when the heartbeat was sent, not from its answer, so
 * a process that was stopped in between believes too little, never too much.
 */
import type { Clock } from "@rondo/core";

/** How much earlier than the broker a member gives up, milliseconds: what it sends still needs to arrive. */
export const LEASE_MARGIN_MS = 500;

/** The lease of one member. */
export class Lease {
  readonly #clock: Clock;
  readonly #sessionMs: number;
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, sessionMs: number) {
    this.#clock = clock;
    this.#sessionMs = sessionMs;
  }

  /** The time that a heartbeat is sent at, to be given to `renew` when it is acknowledged. */
  now(): number {
    return this.#clock.monotonic();
  }

  /** A heartbeat that was sent at `sentAt` was acknowledged. */
  renew(sentAt: number): void {
    this.#until = Math.max(this.#until, sentAt + this.#sessionMs - LEASE_MARGIN_MS);
  }

  /** Whether the partitions are certainly still the member's. */
  get isValid(): boolean {
    return this.#clock.monotonic() < this.#until;
  }

  /** The broker says that it is over. */
  end(): void {
    this.#until = Number.NEGATIVE_INFINITY;
  }
}
