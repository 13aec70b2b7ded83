/** Sums the live accounts of this process's claims into the rows of the account, and says how far each group is behind. */
import type { Broker, Claim } from "@rondo/broker";
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

/** How far a group is behind the end of its topic. */
export interface Lag extends LedgerGroup {
  /** Records that the group has not read. */
  readonly unread: number;
  /** Records read and not settled. */
  readonly unsettled: number;
}

interface Opened {
  readonly claim: Claim;
  readonly account: PartitionAccount;
}

/** The live account of a worker. */
export class Ledger {
  readonly #broker: Broker;
  readonly #groups = new Map<string, LedgerGroup>();
  /** By group, then partition: the account of the newest claim. */
  readonly #accounts = new Map<string, Map<number, Opened>>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Declares a group that this process will run. */
  group(group: LedgerGroup): void {
    this.#groups.set(group.group, group);
    this.#accounts.set(group.group, new Map());
  }

  /** A claim of a declared group has its account. */
  opened(group: string, claim: Claim, account: PartitionAccount): void {
    this.#accounts.get(group)?.set(claim.partition, { claim, account });
  }

  /** A claim was taken away: its partition's account goes on with another owner, and counts there. */
  taken(group: string, claim: Claim): void {
    const accounts = this.#accounts.get(group);
    if (accounts?.get(claim.partition)?.claim === claim) accounts.delete(claim.partition);
  }

  /** Every row of the account, by group and tenant. */
  rows(): readonly LedgerRow[] {
    const rows: LedgerRow[] = [];
    for (const group of this.#groups.values()) {
      const tenants = new Map<string, LiveRow>();
      for (const { account } of this.#accounts.get(group.group)?.values() ?? []) {
        for (const [tenant, row] of account.live()) {
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
    return Promise.all([...this.#groups.values()].map((group) => this.#lag(group)));
  }

  async #lag(group: LedgerGroup): Promise<Lag> {
    let unread = 0;
    let unsettled = 0;
    for (const { partition, registered, committed } of await this.#broker.position(group.group)) {
      const account = this.#accounts.get(group.group)?.get(partition)?.account;
      const { low, high } = await this.#broker.watermarks(group.topic, partition);
      unread += Math.max(0, high - Math.max(low, account?.next ?? committed ?? registered));
      unsettled += account?.unsettled ?? 0;
    }
    return { ...group, unread, unsettled };
  }

  /** Whether every group has settled everything in its topic. Pipelines are asked first: what they append, exporters read. */
  async isDrained(): Promise<boolean> {
    const groups = [...this.#groups.values()];
    for (const kind of [groups.filter(isPipeline), groups.filter((group) => !isPipeline(group))]) {
      const lags = await Promise.all(kind.map((group) => this.#lag(group)));
      if (lags.some(({ unread, unsettled }) => unread + unsettled > 0)) return false;
    }
    return true;
  }
}

function isPipeline({ component }: LedgerGroup): boolean {
  return component === "";
}
