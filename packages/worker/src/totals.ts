/** The account's rows as they are kept in `rondo.state`: by group and partition, true for one offset. Rules of the log 6. */
import type { DropCounts, SettledOrigin, StateStore } from "@rondo/broker";
import { Fault } from "@rondo/core";

/** One row of the account for one tenant, in items. A pipeline fills created and forwarded, an exporter the rest. */
export interface Row {
  readonly entered: number;
  readonly created: number;
  readonly forwarded: number;
  readonly delivered: number;
  readonly deadLettered: number;
  /** By `<component>/<reason>`. */
  readonly dropped: DropCounts;
  /** Of `delivered`: at most this many may have reached the backend before. */
  readonly redelivered: number;
}

/** A row of nothing. */
export const NO_ITEMS: Row = {
  entered: 0,
  created: 0,
  forwarded: 0,
  delivered: 0,
  deadLettered: 0,
  dropped: {},
  redelivered: 0,
};

/** What a group has done on one partition, true for everything below `offset`. */
export interface Totals {
  /** Offsets of the group's topic below this are in the rows. */
  readonly offset: number;
  /** Pipelines: where in the enriched partition to go on reading for what was appended after these totals. */
  readonly enriched?: number;
  /** Exporters: records from here on were not sent before these totals were written; below it they may have been. */
  readonly sentBelow?: number;
  /** Exporters: what runs that did not end well may have sent, until `offset` has passed it. */
  readonly doubt?: Doubt;
  /** Exporters: the newest origin that is settled, and its raw record's timestamp. */
  readonly origin?: SettledOrigin;
  /** By tenant. */
  readonly rows: Readonly<Record<string, Row>>;
}

/** Records below an offset, and how many runs may have sent each of them without saying so. */
export interface Doubt {
  readonly below: number;
  readonly times: number;
}

/** Adds two rows. */
export function addRows(a: Row, b: Row): Row {
  return {
    entered: a.entered + b.entered,
    created: a.created + b.created,
    forwarded: a.forwarded + b.forwarded,
    delivered: a.delivered + b.delivered,
    deadLettered: a.deadLettered + b.deadLettered,
    dropped: addDrops(a.dropped, b.dropped),
    redelivered: a.redelivered + b.redelivered,
  };
}

/** Adds two sets of drop counts. */
export function addDrops(a: DropCounts, b: DropCounts): DropCounts {
  const sum: Record<string, number> = { ...a };
  for (const [key, items] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + items;
  return sum;
}

/** All items of a set of drop counts. */
export function sumDrops(drops: DropCounts): number {
  return Object.values(drops).reduce((sum, items) => sum + items, 0);
}

/** The state key of a group's totals on one partition. */
export function totalsKey(group: string, partition: number): string {
  return `totals/${group}/${partition}`;
}

/** Writes totals as they stand in the state store. */
export function encodeTotals(totals: Totals): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(totals));
}

/** Reads totals back; throws a `corrupt` Fault that names the key. */
export function decodeTotals(key: string, value: Uint8Array): Totals {
  try {
    // Only `encodeTotals` writes under these keys.
    return JSON.parse(new TextDecoder().decode(value)) as Totals;
  } catch (thrown) {
    throw new Fault("corrupt", `the totals under ${key} cannot be read`, { cause: thrown });
  }
}

/** The stored totals of a group's partition; undefined when the group has never committed there. */
export async function loadTotals(state: StateStore, group: string, partition: number): Promise<Totals | undefined> {
  const key = totalsKey(group, partition);
  const value = await state.get(key);
  return value === undefined ? undefined : decodeTotals(key, value);
}
