/** One group's life in a process: tries to get it, takes over what its last owner left, evaluates it slot by slot, gives it back. */
import type { StateStore } from "@rondo/broker";
import { type Clock, Fault, type Random, sleep } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import type { Leases } from "@rondo/windows";
import { CATCH_UP_MS, PATIENCE_MS } from "./fresh-windows.ts";
import { claimGroup, type GroupClaim, groupPrefix } from "./group-claim.ts";
import { GroupEvaluator, type GroupEvaluatorOptions, type GroupOwner } from "./group-evaluator.ts";
import { decodeState, emptyState, type GroupState } from "./group-state.ts";
import { type HeldLease, holdLease, LEASE_MS } from "./hold-lease.ts";
import type { Replicas } from "./replicas.ts";
import { isBeyond, nextSlot, slotAt } from "./slots.ts";

/** How often a replica tries for a group that should be its own, milliseconds. */
const TRY_OWN_MS = 1_000;

/** How often it tries for one that should be another's, milliseconds: somebody must, if that one cannot. */
const TRY_OTHER_MS = 2 * LEASE_MS;

/** How long a group must have been another's by rights before it is handed over, milliseconds: replicas come and go. */
const HAND_OVER_MS = 30_000;

/** The longest wait in one piece, milliseconds: wall clocks are set. */
const LONGEST_WAIT_MS = 60_000;

/** What a group is run with. */
export interface GroupRunnerOptions extends GroupEvaluatorOptions {
  readonly tenant: string;
  readonly state: StateStore;
  readonly leases: Leases;
  readonly instance: string;
  readonly replicas: Pick<Replicas, "shouldOwn">;
  readonly random: Random;
  /** Resolves when what was told has gone out, within bounds: it is ours to say only while the lease is. */
  readonly settled: () => Promise<void>;
  /** Called when leases cannot be asked, and when they can again. */
  readonly reachable: (fault: Fault | undefined) => void;
}

/** Runs one group until it is stopped. */
export class GroupRunner {
  readonly #options: GroupRunnerOptions;
  readonly #prefix: string;
  readonly #trouble: Recurring;
  #evaluator: GroupEvaluator | undefined;
  #notMineSince: number | undefined;

  constructor(options: GroupRunnerOptions) {
    this.#options = options;
    this.#prefix = groupPrefix(options.tenant, options.group);
    this.#trouble = new Recurring(options.log, options.clock);
  }

  /** Under what the group's state stands. */
  get prefix(): string {
    return this.#prefix;
  }

  /** The group's state while this process evaluates it. */
  get state(): GroupState | undefined {
    return this.#evaluator?.state;
  }

  /** Until `stop`: then the evaluation under way is finished, and the lease given back. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!stop.aborted) {
      const mine = this.#options.replicas.shouldOwn(this.#prefix);
      try {
        const lease = await this.#tryLease();
        if (lease !== undefined) await this.#own(lease, stop).finally(() => lease.release());
        this.#trouble.over("the group can be taken over again");
      } catch (thrown) {
        this.#trouble.happened("a group cannot be taken over", { fault: Fault.from(thrown) });
      }
      await this.#pause(mine ? TRY_OWN_MS : TRY_OTHER_MS, mine, random, stop, clock);
    }
  }

  /** Waits before the next try; a group that becomes this replica's by rights is tried for at once. */
  async #pause(ms: number, mine: boolean, random: Random, stop: AbortSignal, clock: Clock): Promise<void> {
    const until = clock.monotonic() + ms * (0.8 + 0.4 * random());
    while (!stop.aborted && clock.monotonic() < until) {
      if (!mine && this.#options.replicas.shouldOwn(this.#prefix)) return;
      await sleep(clock, Math.min(TRY_OWN_MS, until - clock.monotonic()), stop);
    }
  }

  async #tryLease(): Promise<HeldLease | undefined> {
    const { leases, instance, clock, reachable } = this.#options;
    try {
      const lease = await holdLease({ leases, name: this.#prefix, holder: instance, clock, reachable });
      reachable(undefined);
      return lease;
    } catch (thrown) {
      reachable(Fault.from(thrown, "unavailable"));
      return undefined;
    }
  }

  async #own(lease: HeldLease, stop: AbortSignal): Promise<void> {
    const { state, instance, random, log, meter, settled } = this.#options;
    // No two lives of a process may look alike, or the later one would take the earlier one's claim for its own.
    const claimant = `${instance}#${random().toString(36).slice(2)}${random().toString(36).slice(2)}`;
    const claim = await claimGroup(state, this.#prefix, claimant);
    if (claim === undefined) return;
    const left = this.#takeOver(claim);
    const owner = new LeasedOwner(lease, claim);
    this.#evaluator = new GroupEvaluator(this.#options, owner, left);
    this.#notMineSince = undefined;
    log.info("evaluating a group", { turn: claim.token });
    meter.owned(true);
    try {
      await this.#evaluate(this.#evaluator, owner, left.lastSlot, stop);
      await settled();
    } finally {
      meter.owned(false);
      this.#evaluator = undefined;
      log.info("no longer evaluating a group", { turn: claim.token, lease: lease.standing() });
    }
  }

  /** What the predecessor wrote last it may not have told any more: that is told again. */
  #takeOver({ left }: GroupClaim): GroupState {
    const { group, log } = this.#options;
    if (left === undefined) return emptyState(group.rules);
    let state: GroupState;
    try {
      state = decodeState(left.key, left.value, group.rules);
    } catch (thrown) {
      log.error("the state of a group cannot be read; its alerts begin anew", { fault: Fault.from(thrown) });
      return emptyState(group.rules);
    }
    return {
      ...state,
      rules: state.rules.map(({ alerts, standing }) => ({
        standing,
        alerts: new Map(
          [...alerts].map(([key, { lastSentAt, ...alert }]) => {
            const isOpen = lastSentAt === undefined || lastSentAt >= (state.lastSlot ?? 0);
            return [key, isOpen ? alert : { ...alert, lastSentAt }];
          }),
        ),
      })),
    };
  }

  async #evaluate(
    evaluator: GroupEvaluator,
    owner: LeasedOwner,
    from: number | undefined,
    stop: AbortSignal,
  ): Promise<void> {
    const { slots, clock, meter } = this.#options;
    let last = from;
    let heldUntil = 0;
    const ended = AbortSignal.any([stop, owner.lost]);
    while (!ended.aborted) {
      const { slot, missed } = nextSlot(slots, last, clock.now(), CATCH_UP_MS);
      if (missed > 0) meter.missed(missed);
      // Left out for good: not to be counted again while the next one is held.
      last = slot - slots.intervalMs;
      if (!(await this.#until(slot, ended))) continue;
      // A successor that shows in the store ends it, even while nobody can be asked for the lease.
      await owner.speaks();
      const outcome = await evaluator.evaluate(slot, Math.max(slot + PATIENCE_MS, heldUntil), ended);
      if (outcome === "lost") return;
      if (outcome === "done") last = slot;
      else {
        // What is held is evaluated as soon as it can be, and held once more at each slot until then.
        heldUntil = slotAt(slots, clock.now()) + slots.intervalMs + PATIENCE_MS;
        await sleep(clock, TRY_OWN_MS, ended);
      }
      if (this.#shouldHandOver()) return;
    }
  }

  /** Whether the slot has come: not when the run has ended, nor when the clock was set back, so that another slot is the next. */
  async #until(slot: number, abort: AbortSignal): Promise<boolean> {
    const { clock, slots } = this.#options;
    for (let wait = slot - clock.now(); wait > 0 && !abort.aborted; wait = slot - clock.now()) {
      if (isBeyond(slots, slot, clock.now())) return false;
      await sleep(clock, Math.min(wait, LONGEST_WAIT_MS), abort);
    }
    return !abort.aborted;
  }

  #shouldHandOver(): boolean {
    const { clock, replicas } = this.#options;
    if (replicas.shouldOwn(this.#prefix)) this.#notMineSince = undefined;
    else this.#notMineSince ??= clock.monotonic();
    return this.#notMineSince !== undefined && clock.monotonic() - this.#notMineSince >= HAND_OVER_MS;
  }
}

/** An owner by lease and claim: the lease says who tries, the claim who is the newest. */
class LeasedOwner implements GroupOwner {
  readonly #lease: HeldLease;
  readonly #claim: GroupClaim;
  readonly #superseded = new AbortController();

  constructor(lease: HeldLease, claim: GroupClaim) {
    this.#lease = lease;
    this.#claim = claim;
  }

  get lost(): AbortSignal {
    return AbortSignal.any([this.#lease.lost, this.#superseded.signal]);
  }

  standing() {
    return this.#superseded.signal.aborted ? "lost" : this.#lease.standing();
  }

  /**
   * A lease that is held by the clock is enough. One that may have run out is not – whoever wakes from a long sleep has such a
   * one – but a successor would show in the store, and as long as there is none, what fires is told on.
   */
  async speaks(): Promise<boolean> {
    const standing = this.standing();
    return standing === "held" || (standing === "unsure" && (await this.#isNewest()));
  }

  async confirm(): Promise<boolean> {
    return (await this.#lease.confirm()) && (await this.#isNewest()) && this.standing() === "held";
  }

  write(state: Uint8Array): Promise<void> {
    return this.#claim.write(state);
  }

  async #isNewest(): Promise<boolean> {
    try {
      const newest = await this.#claim.isNewest();
      if (!newest) this.#superseded.abort();
      return newest;
    } catch {
      // Not known is not confirmed.
      return false;
    }
  }
}
