/**
 * Sends a span of an enriched topic to one exporter again: oldest first, through its real chain, with an account and a position of
 * its own. It appends nothing, and no group of the pipeline notices it.
 */
import type { Broker, StateStore } from "@rondo/broker";
import { type Batch, type Clock, Fault, type Log, type Verdict } from "@rondo/core";
import type { MakeChain } from "@rondo/delivery";
import type { Carried } from "@rondo/otlp";
import { type Entry, PartitionAccount } from "../account.ts";
import { Committer } from "../committer.ts";
import { Flight } from "../flight.ts";
import { addRows, decodeTotals, encodeTotals, NO_ITEMS, type Row } from "../totals.ts";
import { oldest, SpanCursor, type SpanRecord } from "./span-cursor.ts";
import { type Span, spanStart } from "./span-start.ts";

/** What is sent again, and by what. */
export interface ReplayOptions {
  readonly broker: Broker;
  readonly topic: string;
  readonly signal: Carried;
  readonly span: Span;
  /** `<exporter group>.replay.<run>`: what its position and account are kept under. */
  readonly group: string;
  /** The exporter's id. */
  readonly component: string;
  readonly chain: MakeChain;
  /** Where the position is kept, so that a run that ended early goes on: the log's own state, or a file. */
  readonly state: StateStore;
  /** Bytes in hand and read ahead, all partitions together. */
  readonly readBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Fires when nothing more shall be read. */
  readonly stop: AbortSignal;
  /** Fires when what is in hand is waited for no longer. */
  readonly giveUp: AbortSignal;
}

/** How far a replay has come. */
export interface ReplayStatus {
  /** Records that were sent by this process. */
  readonly records: number;
  /** Over all processes of the run. */
  readonly row: Row;
  /** When the data was taken in that was read last, milliseconds since the epoch; undefined before the first. */
  readonly at: number | undefined;
  /** The span is sent, whole. */
  readonly isDone: boolean;
}

/** One exporter's part of a replay. */
export class SpanReplay {
  readonly #options: ReplayOptions;
  readonly #accounts: PartitionAccount[] = [];
  readonly #flight: Flight;
  readonly #committer: Committer;
  readonly #hurry = new AbortController();
  readonly #failed = new AbortController();
  readonly #abort: AbortSignal;
  #records = 0;
  #at: number | undefined;
  #isDone = false;
  #failure: Fault | undefined;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#flight = new Flight(() => this.#accounts.reduce((sum, { held }) => sum + held, 0));
    this.#committer = new Committer(options.clock, () => this.#save(), options.log);
    this.#abort = AbortSignal.any([options.giveUp, this.#failed.signal]);
  }

  /** How far it has come. */
  get status(): ReplayStatus {
    const rows = this.#accounts.flatMap((account) => Object.values(account.rows()));
    const row = rows.reduce(addRows, NO_ITEMS);
    return { records: this.#records, row, at: this.#at, isDone: this.#isDone };
  }

  /** Runs to the end of the span, or to `stop`. Throws Faults of the log and of a broken exporter; what is settled is kept. */
  async run(): Promise<ReplayStatus> {
    const { readBytes, stop, log } = this.#options;
    const cursors = await this.#open();
    const ends = AbortSignal.any([stop, this.#abort]);
    const half = Math.ceil(readBytes / 2);
    const isFull = () => !this.#flight.isBelow(half);
    const flow = { isFull, hurry: this.#hurry.signal };
    // Every try may be a repetition here, and what is refused now has its letter already or was taken before: it is only counted.
    const chains = cursors.map(() =>
      this.#options.chain(
        flow,
        async () => undefined,
        async () => true,
      ),
    );
    try {
      while (!ends.aborted) {
        await this.#flight.below(half, ends);
        const next = await oldest(cursors);
        if (next === undefined || ends.aborted) break;
        next.cursor.take();
        const deliver = chains[next.found.partition];
        if (deliver !== undefined) this.#send(next.found, deliver);
      }
      this.#hurry.abort();
      await this.#flight.over();
      this.#isDone = !ends.aborted && this.#accounts.every(({ unsettled }) => unsettled === 0);
    } finally {
      this.#failed.abort();
      await this.#committer.stop();
      await this.#save().catch((thrown: unknown) => {
        log.error("where the replay stands could not be written down", { fault: Fault.from(thrown) });
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.status;
  }

  async #open(): Promise<readonly SpanCursor[]> {
    const { broker, topic, span, log, readBytes } = this.#options;
    const count = await broker.partitions(topic);
    const partitions = Array.from({ length: count }, (_, partition) => partition);
    return await Promise.all(
      partitions.map(async (partition) => {
        const { high: end } = await broker.watermarks(topic, partition);
        const key = this.#key(partition);
        const stored = await this.#options.state.get(key);
        const totals = stored && decodeTotals(key, stored);
        const offset = totals?.offset ?? (await spanStart(broker, topic, partition, span.from));
        this.#accounts[partition] = new PartitionAccount(offset, totals?.rows ?? {}, totals?.origin);
        const aheadBytes = Math.max(64 << 10, Math.floor(readBytes / 2 / count));
        const onUnreadable = ({ message }: Fault) => log.error(message);
        const from = { offset, end, aheadBytes, ...(totals?.origin && { origin: totals.origin }) };
        return new SpanCursor({ broker, topic, partition, span, onUnreadable, ...from });
      }),
    );
  }

  #send({ partition, record, headers, origin }: SpanRecord, deliver: ReturnType<MakeChain>): void {
    const { tenant, items, meta } = headers;
    const account = this.#accounts[partition];
    if (account === undefined) throw new Fault("bug", `partition ${partition} has no account`);
    const entry = account.enter(record.offset, tenant, items, origin && { origin });
    this.#at = headers.at;
    this.#records++;
    const batch: Batch = {
      ...{ signal: this.#options.signal, tenant, items, body: record.value },
      sources: [{ origin: headers.origin, items }],
      ...(meta && { meta }),
    };
    this.#flight.add(record.value.length);
    deliver(batch, this.#abort)
      .then(
        (verdict) => this.#returned(account, entry, verdict),
        (thrown: unknown) => this.#fail(Fault.from(thrown)),
      )
      .finally(() => this.#flight.remove(record.value.length));
  }

  #returned(account: PartitionAccount, entry: Entry, verdict: Verdict): void {
    if (verdict.kind === "retry") {
      if (!this.#abort.aborted) this.#fail(verdict.fault);
      return;
    }
    const dropped: Record<string, number> = {};
    let refused = 0;
    for (const { reason, items } of verdict.drops) {
      const key = `${this.#options.component}/${reason}`;
      dropped[key] = (dropped[key] ?? 0) + items;
      refused += items;
    }
    account.settle(entry, { delivered: entry.items - refused, dropped });
    this.#committer.request();
  }

  #fail(fault: Fault): void {
    this.#failure ??= fault;
    this.#failed.abort();
  }

  #key(partition: number): string {
    return `replays/${this.#options.group}/${partition}`;
  }

  async #save(): Promise<void> {
    const writes = this.#accounts.map((account, partition) => {
      const { low: offset, origin } = account;
      const value = encodeTotals({ offset, rows: account.rows(), ...(origin && { origin }) });
      return { key: this.#key(partition), value };
    });
    await this.#options.state.put(writes);
  }

  /** Forgets where it stood: its account is told, and nothing of it stays behind as a group of its own. */
  async forget(): Promise<void> {
    await this.#options.state.put(this.#accounts.map((_, partition) => ({ key: this.#key(partition), value: null })));
  }
}
