/**
 * What a lag of records is worth: items and age. Both stand in the records themselves, so a partition that lags is looked into, at
 * most once in a while and for a bounded number of bytes. On one machine that counts the items exactly; over Kafka, where to look
 * is to fetch, one batch is looked at and the rest estimated from it, and said to be.
 */
import type { Broker, LogRecord } from "@rondo/broker";
import type { Clock } from "@rondo/core";
import type { Lag, LedgerGroup, PartitionLag } from "./ledger.ts";

/** How old what was seen of a partition may be while it lags, milliseconds. */
export const LOOK_EVERY_MS = 10_000;
/** What one look at one partition reads where reading is cheap, bytes: beyond it the rest is estimated. */
const LOOK_BYTES = 8 << 20;
/** What is read at once, bytes, however much a look may read. */
const READ_BYTES = 4 << 20;

/** The unread part of one group's partition. */
export interface Unread {
  /** What was not read. */
  readonly items: number;
  /** False: beyond what was looked at, by the items of an average record. */
  readonly isExact: boolean;
  /** Age of the oldest record that is not settled, by the broker's clock, seconds; 0 when all are. */
  readonly seconds: number;
}

/** One group with what each of its partitions is behind. */
export interface GroupBacklog {
  readonly group: LedgerGroup;
  readonly partitions: readonly (PartitionLag & Unread)[];
}

/** What was seen of a partition the last time. */
interface Seen {
  readonly at: number;
  readonly from: number;
  readonly settled: number;
  /** Counted up to here. */
  readonly to: number;
  readonly items: number;
  readonly oldestAt: number | undefined;
}

/** How much a backlog is looked into. */
export interface BacklogOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  /** Reading the log is cheap: items are counted instead of estimated. */
  readonly counts: boolean;
  /** For each partition and look; 8 MiB. */
  readonly bytes?: number;
}

/** Knows what the lags of a process's groups are worth. */
export class Backlog {
  readonly #options: BacklogOptions;
  /** By group and partition; only of those that lag. */
  readonly #seen = new Map<string, Seen>();

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  /** What the given lags are worth. Throws what reading the log throws. */
  async of(lags: readonly Lag[]): Promise<readonly GroupBacklog[]> {
    const groups: GroupBacklog[] = [];
    for (const { partitions, ...group } of lags) {
      const found: (PartitionLag & Unread)[] = [];
      // One after the other: a backlog is no reason to read all of it at once.
      for (const one of partitions) found.push({ ...one, ...(await this.#unread(group, one)) });
      groups.push({ group, partitions: found });
    }
    return groups;
  }

  async #unread({ group, topic }: LedgerGroup, lag: PartitionLag): Promise<Unread> {
    const { partition, settled, next, high, unread, oldestAt } = lag;
    const key = `${group}/${partition}`;
    if (settled >= high) {
      this.#seen.delete(key);
      return { items: 0, isExact: true, seconds: 0 };
    }
    const { clock } = this.#options;
    const before = this.#seen.get(key);
    const isOld = before === undefined || clock.monotonic() - before.at >= LOOK_EVERY_MS;
    const seen = isOld ? await this.#look(topic, lag, before) : before;
    this.#seen.set(key, seen);
    const ageFrom = oldestAt ?? seen.oldestAt;
    const seconds = ageFrom === undefined ? 0 : Math.max(0, (clock.now() - ageFrom) / 1000);
    if (unread === 0) return { items: 0, isExact: true, seconds };
    if (seen.from === next && seen.to >= high) return { items: seen.items, isExact: true, seconds };
    const counted = seen.to - seen.from;
    const perRecord = counted === 0 ? 1 : seen.items / counted;
    // Of what stands where it was counted, only what came since is guessed.
    const known = seen.from === next ? Math.min(counted, unread) : 0;
    return { items: Math.round(known * perRecord + (unread - known) * perRecord), isExact: false, seconds };
  }

  /** Counts on where a group stands still, and anew where it has moved. */
  async #look(
    topic: string,
    { partition, settled, next, high, oldestAt }: PartitionLag,
    before: Seen | undefined,
  ): Promise<Seen> {
    const { broker, clock, counts, bytes = LOOK_BYTES } = this.#options;
    const goesOn = before?.from === next;
    let { to, items } = goesOn ? before : { to: next, items: 0 };
    // The oldest record not settled: known by whoever holds it, seen before, or read now.
    let oldest = oldestAt ?? (before?.settled === settled ? before.oldestAt : undefined);
    if (oldest === undefined && settled < next) {
      oldest = (await broker.read(topic, partition, settled, 1))[0]?.timestamp;
    }
    // Over Kafka one batch says what a record holds; where the group stands still it was looked at already.
    let left = counts ? bytes : to === next ? 1 : 0;
    while (left > 0 && to < high) {
      const records = await broker.read(topic, partition, to, Math.min(left, READ_BYTES));
      const last = records.at(-1);
      if (last === undefined) break;
      oldest ??= records[0]?.timestamp;
      for (const record of records) {
        items += itemsOf(record);
        left -= Math.max(1, record.value.length);
      }
      to = last.offset + 1;
      if (!counts) break;
    }
    return { at: clock.monotonic(), from: next, settled, to, items, oldestAt: oldest };
  }
}

/** As its header says; one for a record that does not say, as of a foreign producer. */
export function itemsOf({ headers }: Pick<LogRecord, "headers">): number {
  const items = Number(headers["items"] ?? 1);
  return Number.isSafeInteger(items) && items >= 0 ? items : 1;
}
