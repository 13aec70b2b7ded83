/**
 * The live account of one group on one partition. Records enter in offset order and settle in any; what is settled without
 * a gap is folded into the rows that are committed, so that rows and offset are always true for each other.
 */
import type { DropCounts, SettledOrigin } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { Watermark } from "@rondo/delivery";
import { NO_ITEMS, type Row, sumDrops } from "./totals.ts";

/** One record between being read and being folded into the committed rows. */
export interface Entry {
  readonly offset: number;
  readonly tenant: string;
  readonly items: number;
  readonly origin?: SettledOrigin;
  /** What became of it; absent while it is in flight. */
  outcome?: Outcome;
}

/** How a record's items ended: forwarded by a pipeline, delivered by an exporter, set aside, or dropped for a reason. */
export interface Outcome {
  readonly created?: number;
  readonly forwarded?: number;
  readonly delivered?: number;
  readonly deadLettered?: number;
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

/** Tracks the records of one partition that a reader has read and not yet committed. Every call but `live` is O(1) amortised. */
export class PartitionAccount {
  readonly #watermark: Watermark;
  /** What everything below the watermark came to, by tenant. */
  readonly #rows = new Map<string, Sum>();
  /** Read and not below the watermark, by offset. */
  readonly #open = new Map<number, Entry>();
  #origin: SettledOrigin | undefined;
  #progress = 0;
  #patienceMs = 0;

  /** `offset` is the first offset that will be read; `rows` and `origin` are true for everything below it. */
  constructor(offset: number, rows: Readonly<Record<string, Row>>, origin?: SettledOrigin) {
    this.#watermark = new Watermark(offset);
    this.#origin = origin;
    for (const [tenant, row] of Object.entries(rows)) this.#rows.set(tenant, sumFrom(row));
  }

  /** Everything below this offset is settled and in `rows()`. */
  get low(): number {
    return this.#watermark.low;
  }

  /** One past the newest offset that was read. */
  get next(): number {
    return this.#watermark.next;
  }

  /** The newest origin below `low`; undefined when none is known. */
  get origin(): SettledOrigin | undefined {
    return this.#origin;
  }

  /** Grows whenever a record settles or a try ends: while anything is in hand, whoever sees it stand sees nothing happen. */
  get progress(): number {
    return this.#progress;
  }

  /** How long the next sign of progress may take without anything being wrong, milliseconds: a try waits for its turn. */
  get patienceMs(): number {
    return this.#patienceMs;
  }

  /** When the raw record of the oldest unsettled one was appended, broker time; undefined when nothing is in hand. */
  get oldestAt(): number | undefined {
    return this.#open.get(this.low)?.origin?.at;
  }

  /** A try of something in hand has ended, and the next one follows after at most `waitMs`. */
  tried(waitMs: number): void {
    this.#progress++;
    this.#patienceMs = waitMs;
  }

  /** Records read and not settled. */
  get unsettled(): number {
    return this.#watermark.inFlight;
  }

  /** Records held in memory: unsettled ones, and those settled behind them. */
  get held(): number {
    return this.#open.size;
  }

  /** A record was read. Offsets must grow; gaps (removed or skipped records) count as settled. */
  enter(offset: number, tenant: string, items: number, { origin }: Knowledge = {}): Entry {
    this.#watermark.begin(offset);
    const entry: Entry = { offset, tenant, items, ...(origin && { origin }) };
    this.#open.set(offset, entry);
    return entry;
  }

  /** A record is settled. Throws a Fault `bug` when its outcome does not name every item, or it is settled already. */
  settle(entry: Entry, outcome: Outcome): void {
    const { created = 0, forwarded = 0, delivered = 0, deadLettered = 0, dropped } = outcome;
    const named = forwarded + delivered + deadLettered + sumDrops(dropped);
    if (named !== entry.items + created) {
      throw new Fault(
        "bug",
        `offset ${entry.offset}: ${entry.items} + ${created} items entered, ${named} were accounted for`,
      );
    }
    const passed = this.#watermark.settle(entry.offset);
    entry.outcome = outcome;
    this.#progress++;
    this.#patienceMs = 0;
    for (const offset of passed) this.#fold(offset);
  }

  #fold(offset: number): void {
    const entry = this.#open.get(offset);
    if (entry === undefined) return;
    this.#open.delete(offset);
    const row = this.#rows.get(entry.tenant) ?? sumFrom(NO_ITEMS);
    this.#rows.set(entry.tenant, row);
    addEntry(row, entry);
    this.#origin = entry.origin ?? this.#origin;
  }

  /** The rows of everything below `low`, by tenant. */
  rows(): Readonly<Record<string, Row>> {
    return Object.fromEntries([...this.#rows].map(([tenant, row]) => [tenant, sumFrom(row)]));
  }

  /** The rows as they stand now: everything read counts as entered, and what is unsettled as in flight. O(held). */
  live(): ReadonlyMap<string, LiveRow> {
    const live = new Map<string, Sum & { inFlight: number }>();
    for (const [tenant, row] of this.#rows) live.set(tenant, { ...sumFrom(row), inFlight: 0 });
    for (const entry of this.#open.values()) {
      const row = live.get(entry.tenant) ?? { ...sumFrom(NO_ITEMS), inFlight: 0 };
      live.set(entry.tenant, row);
      addEntry(row, entry);
      if (entry.outcome === undefined) row.inFlight += entry.items;
    }
    return live;
  }
}

/** A row that is being added up: a copy for every record would cost more than the record. */
type Sum = { -readonly [Column in keyof Row]: Row[Column] } & { dropped: Record<string, number> };

function sumFrom(row: Row): Sum {
  return { ...row, dropped: { ...row.dropped } };
}

function addEntry(sum: Sum, { items, outcome }: Entry): void {
  sum.entered += items;
  if (outcome === undefined) return;
  sum.created += outcome.created ?? 0;
  sum.forwarded += outcome.forwarded ?? 0;
  sum.delivered += outcome.delivered ?? 0;
  sum.deadLettered += outcome.deadLettered ?? 0;
  sum.redelivered += outcome.redelivered ?? 0;
  for (const [key, items] of Object.entries(outcome.dropped)) sum.dropped[key] = (sum.dropped[key] ?? 0) + items;
}
