/**
 * The live account of one group on one partition. Records enter in offset order and settle in any; what is settled without
 * a gap is folded into the rows that are committed, so that rows and offset are always true for each other.
 */
import type { DropCounts } from "@rondo/broker";
import { addRows, NO_ITEMS, type Row, type SettledOrigin, sumDrops } from "./totals.ts";

/** One record between being read and being folded into the committed rows. */
export interface Entry {
  readonly offset: number;
  readonly tenant: string;
  readonly items: number;
  readonly origin?: SettledOrigin;
  /** What became of it; absent while it is in flight. */
  outcome?: Outcome;
}

/** How a record's items ended: forwarded by a pipeline, delivered by an exporter, or dropped for a reason. */
export interface Outcome {
  readonly created?: number;
  readonly forwarded?: number;
  readonly delivered?: number;
  /** How often these items may have been delivered before, times their number: an upper bound. */
  readonly redelivered?: number;
  readonly dropped: DropCounts;
}

/** What the metrics and the ledger show of a tenant: a row with what is in flight. */
export interface LiveRow extends Row {
  readonly inFlight: number;
}

/** What is known of a record when it is read, besides its items. */
export type Knowledge = Pick<Entry, "origin">;

/** Tracks the records of one partition that a reader has read and not yet committed. */
export class PartitionAccount {
  #rows: Map<string, Row>;
  /** In offset order; the first is the oldest that is not folded. */
  readonly #open: Entry[] = [];
  #low: number;
  #next: number;
  #origin: SettledOrigin | undefined;

  /** `offset` is the first offset that will be read; `rows` and `origin` are true for everything below it. */
  constructor(offset: number, rows: Readonly<Record<string, Row>>, origin?: SettledOrigin) {
    this.#origin = origin;
    this.#low = offset;
    this.#next = offset;
    this.#rows = new Map(Object.entries(rows));
  }

  /** Everything below this offset is settled and in `rows()`. */
  get low(): number {
    return this.#low;
  }

  /** One past the newest offset that was read. */
  get next(): number {
    return this.#next;
  }

  /** The newest origin below `low`; undefined when none is known. */
  get origin(): SettledOrigin | undefined {
    return this.#origin;
  }

  /** Records read and not settled. */
  get unsettled(): number {
    return this.#open.reduce((count, entry) => count + (entry.outcome === undefined ? 1 : 0), 0);
  }

  /** A record was read. Offsets must grow; gaps (removed or skipped records) count as settled. */
  enter(offset: number, tenant: string, items: number, { origin }: Knowledge = {}): Entry {
    if (offset < this.#next) throw new Error(`offset ${offset} entered the account after ${this.#next - 1}`);
    if (this.#open.length === 0) this.#low = offset;
    this.#next = offset + 1;
    const entry: Entry = { offset, tenant, items, ...(origin && { origin }) };
    this.#open.push(entry);
    return entry;
  }

  /** A record is settled. Its outcome must name every item, or the account says so by a bug. */
  settle(entry: Entry, outcome: Outcome): void {
    if (entry.outcome !== undefined) throw new Error(`offset ${entry.offset} settled twice`);
    const { created = 0, forwarded = 0, delivered = 0, dropped } = outcome;
    const named = forwarded + delivered + sumDrops(dropped);
    if (named !== entry.items + created) {
      throw new Error(`offset ${entry.offset}: ${entry.items} + ${created} items entered, ${named} were accounted for`);
    }
    entry.outcome = outcome;
    while (this.#open[0]?.outcome !== undefined) this.#fold();
  }

  #fold(): void {
    const entry = this.#open.shift();
    if (entry?.outcome === undefined) return;
    this.#rows.set(entry.tenant, addRows(this.#rows.get(entry.tenant) ?? NO_ITEMS, rowOf(entry)));
    this.#origin = entry.origin ?? this.#origin;
    this.#low = this.#open[0]?.offset ?? this.#next;
  }

  /** The rows of everything below `low`, by tenant. */
  rows(): Readonly<Record<string, Row>> {
    return Object.fromEntries(this.#rows);
  }

  /** The rows as they stand now: everything read counts as entered, and what is unsettled as in flight. */
  live(): ReadonlyMap<string, LiveRow> {
    const live = new Map<string, LiveRow>();
    for (const [tenant, row] of this.#rows) live.set(tenant, { ...row, inFlight: 0 });
    for (const entry of this.#open) {
      const row = live.get(entry.tenant) ?? { ...NO_ITEMS, inFlight: 0 };
      const inFlight = row.inFlight + (entry.outcome === undefined ? entry.items : 0);
      live.set(entry.tenant, { ...addRows(row, rowOf(entry)), inFlight });
    }
    return live;
  }
}

function rowOf({ items, outcome }: Entry): Row {
  if (outcome === undefined) return { ...NO_ITEMS, entered: items };
  const { created = 0, forwarded = 0, delivered = 0, redelivered = 0, dropped } = outcome;
  return {
    ...NO_ITEMS,
    entered: items,
    created,
    forwarded,
    delivered,
    dropped,
    redelivered,
  };
}
