/**
 * Runs one exporter on one partition: enriched records in, verdicts out, settled in any order and committed without gaps,
 * until the partition is taken away. What a dead backend holds back is this partition of this exporter, nothing else.
 */
import { type Broker, type Claim, type EnrichedHeaders, type LogRecord, readEnrichedHeaders, readOrigin } from "@rondo/broker";
import { type Batch, type Clock, type Deliver, type Drop, Fault, type Log, type Verdict } from "@rondo/core";
import type { Signal } from "@rondo/otlp";
import { type Entry, PartitionAccount } from "./account.ts";
import { Committer } from "./committer.ts";
import { readUntil } from "./read-until.ts";
import { encodeTotals, isSettled, loadTotals, type SettledOrigin, totalsKey } from "./totals.ts";

/** What an exporter needs on every one of its partitions. */
export interface ExportOptions {
  readonly group: string;
  readonly signal: Signal;
  /** The exporter's id, which names it in the account. */
  readonly component: string;
  /** Makes the chain of layers of one partition: accumulate, retry and timeout around the exporter. */
  readonly chain: () => Deliver;
  /** Bytes of records that may be in hand and unsettled at once. */
  readonly readBytes: number;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells the worker of the partition's account, for metrics and the drain. */
  readonly opened: (claim: Claim, account: PartitionAccount) => void;
}

/** How many records may be sent before the next commit says so: what a crash leaves in doubt is bounded by it. */
const SEND_AHEAD = 1024;

/** Runs until `ended` fires, with the claim or before it. Throws only for bugs and for records that this build cannot read. */
export async function runExporterClaim(claim: Claim, ended: AbortSignal, options: ExportOptions): Promise<void> {
  const run = await ExporterRun.open(claim, ended, options);
  try {
    await run.untilEnded();
  } finally {
    await run.close();
  }
}

class ExporterRun {
  readonly #claim: Claim;
  readonly #options: ExportOptions;
  readonly #account: PartitionAccount;
  readonly #committer: Committer;
  readonly #deliver: Deliver;
  readonly #flight = new Flight();
  /** Records below this may have been sent by a run that did not end well. */
  readonly #doubtBelow: number;
  /** Every commit so far allows sending below this offset. */
  #sentBelow: number;
  /** The newest origin that was read in this generation or settled before it. */
  #newest: SettledOrigin | undefined;
  /** Ends the tries in flight when this run has failed. */
  readonly #stop = new AbortController();
  readonly #abort: AbortSignal;
  #failure: Error | undefined;

  static async open(claim: Claim, ended: AbortSignal, options: ExportOptions): Promise<ExporterRun> {
    const stored = await loadTotals(options.broker.state, options.group, claim.partition);
    const offset = Math.max(claim.start.committed ?? claim.start.registered, stored?.offset ?? 0);
    const account = new PartitionAccount(offset, stored?.rows ?? {}, stored?.origin);
    return new ExporterRun(claim, ended, options, account, stored?.sentBelow ?? offset, stored?.origin);
  }

  private constructor(claim: Claim, ended: AbortSignal, options: ExportOptions, account: PartitionAccount, sentBelow: number, newest: SettledOrigin | undefined) {
    this.#claim = claim;
    this.#options = options;
    this.#account = account;
    this.#doubtBelow = sentBelow;
    this.#sentBelow = sentBelow;
    this.#newest = newest;
    this.#abort = AbortSignal.any([ended, this.#stop.signal]);
    this.#deliver = options.chain();
    this.#committer = new Committer(options.clock, () => this.#commit(this.#account.next + SEND_AHEAD), options.log);
    claim.seek(account.low);
    options.opened(claim, account);
  }

  async untilEnded(): Promise<void> {
    for (;;) {
      await this.#flight.below(this.#options.readBytes, this.#abort);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#abort.aborted) return;
      const records = await readUntil(this.#claim, this.#options.readBytes, this.#abort);
      if (records.length === 0) return;
      for (const record of records) await this.#take(record);
    }
  }

  async #take(record: LogRecord): Promise<void> {
    const headers = readEnrichedHeaders(record);
    const entry = this.#enter(record.offset, headers);
    if (entry.items === 0) return this.#settle(entry, 0, { kind: "settled", drops: [] });
    if (record.offset >= this.#sentBelow) await this.#promise(record.offset);
    const batch: Batch = { signal: this.#options.signal, tenant: headers.tenant, items: headers.items, body: record.value, sources: [{ origin: headers.origin, items: headers.items }] };
    this.#flight.add(record.value.length);
    this.#deliver(batch, this.#abort).then(
      (verdict) => this.#settle(entry, record.value.length, verdict),
      (thrown: unknown) => {
        this.#flight.remove(record.value.length);
        this.#fail(Fault.from(thrown));
      },
    );
  }

  /** Enters a record; one that an earlier owner of the partition wrote twice enters empty. */
  #enter(offset: number, { tenant, items, origin: written, at }: EnrichedHeaders): Entry {
    const origin = readOrigin(written);
    if (origin !== undefined && isSettled(origin, at, this.#newest)) return this.#account.enter(offset, tenant, 0);
    if (origin !== undefined) this.#newest = { offset: origin.offset, part: origin.part, at };
    return this.#account.enter(offset, tenant, items, { doubtful: offset < this.#doubtBelow ? items : 0, ...(origin && { origin: { offset: origin.offset, part: origin.part, at } }) });
  }

  #settle(entry: Entry, bytes: number, verdict: Verdict): void {
    this.#flight.remove(bytes);
    // A retry comes out of the chain only when the run ends: whoever owns the partition next will send it.
    if (verdict.kind === "retry") return;
    try {
      const dropped = dropCounts(this.#options.component, verdict.drops);
      this.#account.settle(entry, { delivered: entry.items - items(verdict.drops), dropped });
      this.#committer.request();
    } catch (thrown) {
      this.#fail(Fault.from(thrown));
    }
  }

  #fail(fault: Error): void {
    this.#failure ??= fault;
    this.#stop.abort();
  }

  /** Makes known that `offset` is about to be sent, before it is. */
  async #promise(offset: number): Promise<void> {
    this.#sentBelow = offset + SEND_AHEAD;
    await this.#committer.now();
  }

  async #commit(sentBelow: number): Promise<void> {
    const { group, component } = this.#options;
    this.#sentBelow = Math.max(this.#sentBelow, sentBelow);
    const offset = this.#account.low;
    const { origin } = this.#account;
    const totals = encodeTotals({ offset, sentBelow: this.#sentBelow, rows: this.#account.rows(), ...(origin && { origin }) });
    await this.#claim.commit(offset, [{ key: totalsKey(group, this.#claim.partition), value: totals }]);
    this.#options.log.debug("committed", { component, partition: this.#claim.partition, offset });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#flight.below(1, new AbortController().signal);
    await this.#committer.stop();
    // After an orderly end only what is still unsettled may have been sent.
    this.#sentBelow = this.#account.unsettled === 0 ? this.#account.low : this.#account.next;
    await this.#commit(0).catch(() => this.#options.log.debug("the last commit of a lost partition was refused", { partition: this.#claim.partition }));
  }
}

/** The bytes that are read and unsettled, and whoever waits for them to shrink. */
class Flight {
  #bytes = 0;
  #waiting: (() => void) | undefined;

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#waiting?.();
  }

  /** Resolves when fewer than `limit` bytes are in flight, or when `abort` fires. */
  async below(limit: number, abort: AbortSignal): Promise<void> {
    if (this.#bytes < limit || abort.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        if (this.#bytes >= limit && !abort.aborted) return;
        abort.removeEventListener("abort", done);
        this.#waiting = undefined;
        resolve();
      };
      this.#waiting = done;
      abort.addEventListener("abort", done);
    });
  }
}

function items(drops: readonly Drop[]): number {
  return drops.reduce((sum, drop) => sum + drop.items, 0);
}

function dropCounts(component: string, drops: readonly Drop[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason, items: count } of drops) {
    const key = `${component}/${reason}`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}
