/** Sums the live accounts of this process's claims into the rows of the account, and says how far each group is behind. */
import type { Broker, Claim, GroupPosition, Watermarks } from "@rondo/broker";
import type { Carried } from "@rondo/otlp";
import type { LiveRow, PartitionAccount } from "./account.ts";
import { addRows, NO_ITEMS } from "./totals.ts";

/** A group that this process runs: a pipeline (component is empty) or one exporter of it. */
export interface LedgerGroup {
  readonly group: string;
  readonly topic: string;
  readonly signal: Carried;
  readonly pipeline: string;
  readonly component: string;
}

/** One row of the account. */
export interface LedgerRow extends LiveRow, LedgerGroup {
  readonly tenant: string;
}

/** How far a group is behind on one partition. */
export interface PartitionLag {
  readonly partition: number;
  /** Everything below is settled. */
  readonly settled: number;
  /** Everything below was read. */
  readonly next: number;
  /** One past the last record. */
  readonly high: number;
  /** Records from `next` on. */
  readonly unread: number;
  /** Records read and not settled. */
  readonly unsettled: number;
  /** When the oldest record in hand was accepted, epoch milliseconds; undefined when none is in hand here. */
  readonly oldestAt?: number;
  /** Whether a claim of this process holds the partition. */
  readonly held: boolean;
  /** Differs from what it was whenever the group has got on here, by a record or a try. */
  readonly progress: string;
  /** How long the next sign of progress may take without anything being wrong, milliseconds. */
  readonly patienceMs: number;
}

/** How far a group is behind the end of its topic. */
export interface Lag extends LedgerGroup {
  /** Records that the group has not read. */
  readonly unread: number;
  /** Records read and not settled. */
  readonly unsettled: number;
  /** By partition. */
  readonly partitions: readonly PartitionLag[];
}

interface Held {
  readonly claim: Claim;
  /** Absent until its reader has found where to go on, and of a reader that keeps no account. */
  readonly account?: PartitionAccount;
  /** The account of a claim before it that failed: its rows are shown until there are newer ones. */
  readonly before?: PartitionAccount;
}

/** The live account of a worker. */
export class Ledger {
  readonly #broker: Broker;
  readonly #groups = new Map<string, LedgerGroup>();
  /** By group, then partition: the newest claim. */
  readonly #held = new Map<string, Map<number, Held>>();

  readonly #patience = new Map<string, number>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Declares a group that this process will run. */
  group(group: LedgerGroup): void {
    this.#groups.set(group.group, group);
    this.#held.set(group.group, new Map());
  }

  /** How long records of a group may wait for company and a try may take, milliseconds; nothing unless it is said. */
  holds(group: string, ms: number): void {
    this.#patience.set(group, ms);
  }

  /** A declared group has a claim, whose reader begins. */
  claimed(group: string, claim: Claim): void {
    const held = this.#held.get(group);
    const { account: before } = held?.get(claim.partition) ?? {};
    held?.set(claim.partition, { claim, ...(before && { before }) });
  }

  /** A claim of a declared group has its account. */
  opened(group: string, claim: Claim, account: PartitionAccount): void {
    this.#held.get(group)?.set(claim.partition, { claim, account });
  }

  /** A claim was taken away: its partition's account goes on with another owner, and counts there. */
  taken(group: string, claim: Claim): void {
    const held = this.#held.get(group);
    if (held?.get(claim.partition)?.claim === claim) held.delete(claim.partition);
  }

  /** Every row of the account, by group and tenant. */
  rows(): readonly LedgerRow[] {
    const rows: LedgerRow[] = [];
    for (const group of this.#groups.values()) {
      const tenants = new Map<string, LiveRow>();
      for (const { account, before } of this.#held.get(group.group)?.values() ?? []) {
        for (const [tenant, row] of (account ?? before)?.live() ?? []) {
          const sum = tenants.get(tenant) ?? { ...NO_ITEMS, inFlight: 0 };
          tenants.set(tenant, { ...addRows(sum, row), inFlight: sum.inFlight + row.inFlight });
        }
      }
      for (const [tenant, row] of tenants) rows.push({ ...group, tenant, ...row });
    }
    return rows;
  }

  /** How far every group is behind. A partition that is not opened yet counts from the group's committed position. */
  async lags(): Promise<readonly Lag[]> {
    return await this.#lags([...this.#groups.values()]);
  }

  async #lags(groups: readonly LedgerGroup[]): Promise<readonly Lag[]> {
    if (groups.length === 0) return [];
    // Positions first: what is committed while the ends are asked for makes a lag too large for a moment, never too small.
    const positions = await Promise.all(groups.map((group) => this.#positions(group)));
    const ranges = await this.#broker.ranges([...new Set(groups.map(({ topic }) => topic))]);
    return groups.map((group, index) => this.#lag(group, positions[index] ?? [], ranges.get(group.topic) ?? []));
  }

  /** The commits, which are asked for only where something is not known here: that is a question for every group. */
  async #positions({ group, topic }: LedgerGroup): Promise<readonly GroupPosition[]> {
    const held = this.#held.get(group);
    const count = await this.#broker.partitions(topic);
    const isKnown = Array.from({ length: count }, (_, partition) => held?.get(partition)?.account !== undefined);
    return isKnown.every(Boolean) ? [] : await this.#broker.position(group);
  }

  #lag(group: LedgerGroup, positions: readonly GroupPosition[], ranges: readonly Watermarks[]): Lag {
    const partitions = ranges.map(({ low, high }, partition): PartitionLag => {
      const held = this.#held.get(group.group)?.get(partition);
      const { account } = held ?? {};
      const position = positions.find((one) => one.partition === partition);
      const committed = position?.committed ?? position?.registered ?? low;
      const next = Math.max(low, account?.next ?? committed);
      return {
        partition,
        settled: Math.max(low, account?.low ?? committed),
        next,
        high,
        unread: Math.max(0, high - next),
        unsettled: account?.unsettled ?? 0,
        ...(account?.oldestAt !== undefined && { oldestAt: account.oldestAt }),
        held: held !== undefined,
        progress: account === undefined ? `${committed}` : `${account.low} ${account.progress}`,
        patienceMs: (this.#patience.get(group.group) ?? 0) + (account?.patienceMs ?? 0),
      };
    });
    const sum = (column: "unread" | "unsettled") => partitions.reduce((total, one) => total + one[column], 0);
    return { ...group, unread: sum("unread"), unsettled: sum("unsettled"), partitions };
  }

  /** Whether every group has settled everything in its topic. Pipelines are asked first: what they append, exporters read. */
  async isDrained(): Promise<boolean> {
    const groups = [...this.#groups.values()];
    for (const kind of [groups.filter(isPipeline), groups.filter((group) => !isPipeline(group))]) {
      const lags = await this.#lags(kind);
      if (lags.some(({ unread, unsettled }) => unread + unsettled > 0)) return false;
    }
    return true;
  }
}

function isPipeline({ component }: LedgerGroup): boolean {
  return component === "";
}
