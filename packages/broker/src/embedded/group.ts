/**
 * A consumer group in one process: every partition has one owner at a time, and a new generation begins whenever a member
 * comes or goes. Rebalancing is eager: all claims are taken back and awaited before any is given out.
 */
import { Fault } from "@rondo/core";
import type { Claim, Member } from "../log.ts";

/** Makes the claim of a partition in a generation. */
export type MakeClaim = (partition: number, generation: number, revoked: AbortSignal) => Claim;

type OnClaim = (claim: Claim) => Promise<void>;
type OnFailure = (fault: Error) => void;

interface Held {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

interface Seat {
  readonly onClaim: OnClaim;
  readonly onFailure: OnFailure;
  held: readonly Held[];
}

/** The members of one group. */
export class Group {
  readonly #partitions: number;
  readonly #claim: MakeClaim;
  readonly #seats = new Set<Seat>();
  /** Members that failed and whose other claims are still ending. */
  readonly #leaving = new Set<Seat>();
  #generation = 0;
  #requests = 0;
  #settling: Promise<void> = Promise.resolve();

  constructor(partitions: number, claim: MakeClaim) {
    this.#partitions = partitions;
    this.#claim = claim;
  }

  /** Resolves when the new member holds its share. */
  async join(onClaim: OnClaim, onFailure: OnFailure): Promise<Member> {
    const seat: Seat = { onClaim, onFailure, held: [] };
    this.#seats.add(seat);
    await this.#rebalance();
    return {
      leave: async () => {
        // Who has failed or left already takes nothing from the others by leaving again.
        if (!this.#seats.delete(seat)) return await this.#settled();
        this.#leaving.add(seat);
        await this.#rebalance();
      },
    };
  }

  /** Every member leaves and is waited for. */
  async close(): Promise<void> {
    for (const seat of this.#seats) this.#leaving.add(seat);
    this.#seats.clear();
    await this.#rebalance();
  }

  /** Shares the partitions anew; resolves when they are shared, be it by a later rebalance that made this one needless. */
  async #rebalance(): Promise<void> {
    // Taken back at once, not when the rebalance before this one has ended: it may be waiting for them.
    for (const seat of [...this.#seats, ...this.#leaving]) for (const { stop } of seat.held) stop.abort();
    const request = ++this.#requests;
    this.#settling = this.#settling.then(async () => {
      await Promise.all([...this.#seats, ...this.#leaving].map(release));
      if (request === this.#requests) this.#share();
    });
    await this.#settled();
  }

  async #settled(): Promise<void> {
    for (let seen: Promise<void> | undefined; seen !== this.#settling; ) {
      seen = this.#settling;
      await seen;
    }
  }

  #share(): void {
    this.#leaving.clear();
    this.#generation++;
    const members = [...this.#seats];
    for (const [place, seat] of members.entries()) {
      const share = Array.from({ length: this.#partitions }, (_, partition) => partition).filter(
        (partition) => partition % members.length === place,
      );
      seat.held = share.map((partition) => this.#hold(seat, partition));
    }
  }

  #hold(seat: Seat, partition: number): Held {
    const stop = new AbortController();
    const run = async () => {
      const thrown = await outcome(() => seat.onClaim(this.#claim(partition, this.#generation, stop.signal)));
      if (stop.signal.aborted || !this.#seats.delete(seat)) return;
      this.#leaving.add(seat);
      seat.onFailure(
        thrown ?? new Fault("bug", `the reader of partition ${partition} returned though it still holds it`),
      );
      // Not awaited: it waits for this very claim to end.
      void this.#rebalance();
    };
    return { stop, ended: run() };
  }
}

/** What `run` threw, as a Fault; undefined when it returned. */
async function outcome(run: () => Promise<void>): Promise<Fault | undefined> {
  try {
    await run();
    return undefined;
  } catch (thrown) {
    return Fault.from(thrown);
  }
}

async function release(seat: Seat): Promise<void> {
  const { held } = seat;
  seat.held = [];
  for (const { stop } of held) stop.abort();
  await Promise.all(held.map(({ ended }) => ended));
}
