/**
 * Turns readiness off where a group stands still although there is something to do, and on again when it gets on. What counts as
 * getting on is a record that settles or a try that ends: an exporter that asks a dead backend again and again does its work, and
 * restarting its process would help nobody; one whose try never ends, or a reader that waits for what will not come, does not.
 */
import { type Clock, Fault, type Log, sleep } from "@rondo/core";
import type { Readiness } from "@rondo/monitor";
import type { Lag, Ledger, PartitionLag } from "./ledger.ts";

/** How often the groups are looked at, milliseconds. */
export const LOOK_MS = 5_000;
/** How long a group may stand still with lag, beyond what its reader waits on purpose, milliseconds. */
export const STANDSTILL_MS = 60_000;
/** How long a member may be away from its group, milliseconds: a rebalance or a restart of its coordinator is over by then. */
export const AWAY_MS = 15_000;

/** What a watchdog looks at. */
export interface WatchdogOptions {
  readonly ledger: Pick<Ledger, "lags">;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly log: Log;
  /** No other process reads these groups: a partition that nobody holds is this one's failure, too. */
  readonly isAlone: boolean;
  /** The groups that were joined, and whether each membership stands now. */
  readonly members: () => Iterable<{ readonly group: string; readonly isMember: boolean }>;
}

/** Since when a partition shows no progress, on the monotonic clock and as a date. */
interface Still {
  readonly progress: string;
  readonly since: number;
  readonly date: number;
}

/** Looks at the groups of one worker. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #still = new Map<string, Still>();
  /** Groups that were said to stand still. */
  readonly #told = new Set<string>();
  /** Since when a member is away, on the monotonic clock, by group. */
  readonly #away = new Map<string, number>();

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** Looks until `stop` fires. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await sleep(this.#options.clock, LOOK_MS, stop);
      if (!stop.aborted) await this.look();
    }
  }

  /** One look. While the log cannot be asked no time counts: nothing can get on then, and its loss is told of by itself. */
  async look(): Promise<void> {
    const { ledger, log, members } = this.#options;
    for (const { group, isMember } of members()) this.#judgeMember(group, isMember);
    try {
      for (const lag of await ledger.lags()) this.#judge(lag);
    } catch (thrown) {
      this.#still.clear();
      log.debug("how far the groups are could not be asked", { fault: Fault.from(thrown) });
    }
  }

  #judgeMember(group: string, isMember: boolean): void {
    const { clock, readiness } = this.#options;
    const condition = `membership of ${group}`;
    const since = this.#away.get(group) ?? clock.monotonic();
    if (!isMember) {
      this.#away.set(group, since);
      if (clock.monotonic() - since >= AWAY_MS) readiness.lacks(condition, `${group} to be joined again`);
    } else if (this.#away.delete(group)) readiness.holds(condition);
  }

  #judge(lag: Lag): void {
    const { readiness, log } = this.#options;
    const { group, pipeline, component } = lag;
    const condition = `progress of ${group}`;
    const stuck = lag.partitions.filter((one) => this.#standsStill(group, one));
    const [first] = stuck;
    if (first !== undefined) {
      const reason = this.#reason(group, first, stuck.length - 1);
      if (!this.#told.has(group)) log.error("a group stands still", { group, pipeline, component, reason });
      this.#told.add(group);
      readiness.lacks(condition, reason);
    } else if (this.#told.delete(group)) {
      log.info("a group gets on again", { group, pipeline, component });
      readiness.holds(condition);
    }
  }

  #standsStill(group: string, one: PartitionLag): boolean {
    const { clock, isAlone } = this.#options;
    const key = `${group}/${one.partition}`;
    // Somebody else's partition is judged by its holder, who knows of its tries.
    if (one.settled >= one.high || !(one.held || isAlone)) {
      this.#still.delete(key);
      return false;
    }
    const before = this.#still.get(key);
    if (before?.progress !== one.progress) {
      this.#still.set(key, { progress: one.progress, since: clock.monotonic(), date: clock.now() });
      return false;
    }
    return clock.monotonic() - before.since >= STANDSTILL_MS + one.patienceMs;
  }

  #reason(group: string, { partition, settled, unread, unsettled }: PartitionLag, others: number): string {
    const since = new Date(this.#still.get(`${group}/${partition}`)?.date ?? 0).toISOString();
    const more = others === 0 ? "" : `, and ${others} more`;
    return `group ${group} stands still on partition ${partition}${more}: since ${since} at offset ${settled}, ${unread} records unread and ${unsettled} in hand`;
  }
}
