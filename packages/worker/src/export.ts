/**
 * Runs one exporter on one partition: enriched records in, verdicts out, settled in any order and committed without gaps,
 * until the partition is taken away. What a dead backend holds back is this partition of this exporter, nothing else.
 */
import {
  type Broker,
  type Claim,
  deadLetterTopic,
  type EnrichedHeaders,
  isSettled,
  type LogRecord,
  letterRecord,
  readEnrichedHeaders,
  readOrigin,
  type SettledOrigin,
  type WholeRecord,
} from "@rondo/broker";
import {
  type Batch,
  type Clock,
  DEFAULT_TENANT,
  type Deliver,
  type Drop,
  Fault,
  type Log,
  type Settled,
  type Verdict,
} from "@rondo/core";
import { type DeliveryObserver, type Letter, type MakeChain, observe, Recurring, untilTaken } from "@rondo/delivery";
import type { Carried } from "@rondo/otlp";
import { type Entry, type Knowledge, PartitionAccount } from "./account.ts";
import { Committer } from "./committer.ts";
import { Flight } from "./flight.ts";
import { appendInTurn } from "./in-appends.ts";
import { readUntil } from "./read-until.ts";
import { firstOffset } from "./resume.ts";
import { type Doubt, encodeTotals, loadTotals, type Totals, totalsKey } from "./totals.ts";

/** What an exporter needs on every one of its partitions. */
export interface ExportOptions {
  readonly group: string;
  readonly signal: Carried;
  /** The ids of the pipeline and the exporter, which name it in the account and in dead letters. */
  readonly pipeline: string;
  readonly component: string;
  /** Makes the chain of layers of one partition: accumulate, deadLetter, retry and timeout around the exporter. */
  readonly chain: MakeChain;
  /** Bytes of records that may be in hand at once, what they cost besides their values included. */
  readonly readBytes: number;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** When it fires, no record waits for company any more. */
  readonly hurry: AbortSignal;
  /** When it fires, nothing more is read; what is in hand still settles. */
  readonly lastCall: AbortSignal;
  /** Tells the worker of the partition's account, for metrics and the drain. */
  readonly opened: (claim: Claim, account: PartitionAccount) => void;
}

/** How many records may be sent before the next commit says so: what a crash leaves in doubt is bounded by it. */
const SEND_AHEAD = 1024;

/** Runs until `ended` fires, with the claim or before it. Throws only for bugs. */
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
  readonly #unread: Recurring;
  readonly #deliver: Deliver;
  readonly #flight: Flight;
  /** Of the bytes that may be in hand: one half may be while the other is read. */
  readonly #half: number;
  /** Of every batch that is inside the chain. */
  readonly #entries = new Map<Batch, Entry>();
  /** The raw records' timestamps of what is inside, by origin: a letter says when its items came in. */
  readonly #ats = new Map<string, number>();
  /** The record that is being handed to the chain, which enters the account there. */
  #reading: { readonly offset: number; readonly headers: EnrichedHeaders } | undefined;
  /** What runs before this one may have sent. */
  #doubt: Doubt;
  /** A durable commit says that everything below this offset may have been sent. */
  #sentBelow: number;
  /** The newest offset that is to be sent. */
  #wanted = 0;
  /** The newest origin that was read in this generation or settled before it. */
  #newest: SettledOrigin | undefined;
  /** Ends the tries in flight when this run has failed. */
  readonly #stop = new AbortController();
  readonly #abort: AbortSignal;
  /** Fires with `#abort`, or before it when nothing more shall be read. */
  readonly #readNoMore: AbortSignal;
  #failure: Error | undefined;
  /** This run's own, so that nothing of it stays behind on the worker's. */
  readonly #hurry = new AbortController();
  readonly #hurried = () => this.#hurry.abort();

  static async open(claim: Claim, ended: AbortSignal, options: ExportOptions): Promise<ExporterRun> {
    const stored = await loadTotals(options.broker.state, options.group, claim.partition);
    const { low, high } = await options.broker.watermarks(claim.topic, claim.partition);
    const known = Math.max(firstOffset(claim), stored?.offset ?? 0);
    // The topic was recreated, or has lost its end: what was settled before is known by its origin.
    const offset = known > high ? low : known;
    if (offset !== known) {
      const { topic, partition } = claim;
      options.log.error("the topic was recreated: starting again at its beginning", {
        ...{ topic, partition, was: known, now: low },
      });
    }
    const account = new PartitionAccount(offset, stored?.rows ?? {}, stored?.origin);
    const doubt = doubtOf(stored, offset, high);
    return new ExporterRun(claim, ended, options, account, doubt, stored?.origin);
  }

  private constructor(
    claim: Claim,
    ended: AbortSignal,
    options: ExportOptions,
    account: PartitionAccount,
    doubt: Doubt,
    newest: SettledOrigin | undefined,
  ) {
    this.#claim = claim;
    this.#options = options;
    this.#account = account;
    this.#flight = new Flight(() => account.held);
    this.#unread = new Recurring(options.log, options.clock, "error");
    this.#doubt = doubt;
    // The first record to be sent makes the commit that remembers the doubt.
    this.#sentBelow = account.low;
    this.#newest = newest;
    this.#abort = AbortSignal.any([ended, this.#stop.signal]);
    this.#readNoMore = AbortSignal.any([this.#abort, options.lastCall, claim.revoked]);
    this.#half = Math.ceil(options.readBytes / 2);
    const flow = {
      isFull: () => !this.#flight.isBelow(this.#half),
      hurry: this.#hurry.signal,
      tried: (waitMs: number) => account.tried(waitMs),
    };
    this.#deliver = observe(this.#observer)(
      options.chain(
        flow,
        () => this.#unanswered(),
        (letters, abort) => this.#setAside(letters, abort),
      ),
    );
    if (options.hurry.aborted) this.#hurried();
    else options.hurry.addEventListener("abort", this.#hurried, { once: true });
    const sentBelow = () => Math.max(account.next, this.#wanted) + SEND_AHEAD;
    this.#committer = new Committer(options.clock, () => this.#commit(sentBelow()), options.log);
    claim.seek(account.low);
    options.opened(claim, account);
    // State is written before a commit: a predecessor may not have lived to do the second, and nothing else will.
    if (account.low > firstOffset(claim)) this.#committer.request();
  }

  async untilEnded(): Promise<void> {
    while (!this.#readNoMore.aborted) {
      await this.#flight.below(this.#half, this.#readNoMore);
      const records = await readUntil(this.#claim, this.#half, this.#readNoMore);
      for (const record of records) if (!(await this.#take(record))) break;
    }
    await this.#flight.over();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Hands a record to the chain; false when the run has ended. */
  async #take(record: LogRecord): Promise<boolean> {
    const headers = this.#headersOf(record);
    if (headers === undefined) return await this.#setAsideUnread(record);
    const isOverlap = this.#isOverlap(headers);
    if (isOverlap || headers.items === 0) {
      // An overlap is older than what is settled already, and must not stand for it after a restart.
      const known = isOverlap ? {} : knowledge(headers);
      this.#settle(this.#account.enter(record.offset, headers.tenant, 0, known), { kind: "settled", drops: [] });
      return true;
    }
    if (record.offset >= this.#sentBelow) await this.#promise(record.offset);
    if (this.#abort.aborted) return false;
    const { tenant, items, origin, meta } = headers;
    const batch: Batch = {
      signal: this.#options.signal,
      tenant,
      items,
      body: record.value,
      sources: [{ origin, items }],
      ...(meta && { meta }),
    };
    const bytes = record.value.length;
    this.#reading = { offset: record.offset, headers };
    this.#ats.set(origin, headers.at);
    this.#flight.add(bytes);
    this.#deliver(batch, this.#abort)
      .then(
        (verdict) => {
          // What was dropped may be part of a dead letter.
          if (verdict.kind === "settled" && verdict.returned && verdict.drops.length === 0) record.release?.();
          this.#returned(verdict);
        },
        (thrown: unknown) => this.#fail(Fault.from(thrown)),
      )
      .finally(() => {
        this.#ats.delete(origin);
        this.#flight.remove(bytes);
      });
    return true;
  }

  /** Undefined for a record that cannot be read, which no other build would have written. */
  #headersOf(record: LogRecord): EnrichedHeaders | undefined {
    try {
      return readEnrichedHeaders(record);
    } catch (thrown) {
      const { topic, partition } = this.#claim;
      const why = Fault.from(thrown).message;
      this.#unread.happened("a record cannot be read and was set aside as a dead letter", { topic, partition, why });
      return undefined;
    }
  }

  /** It is nobody's items: no pipeline forwarded it, and to count some would be to count what never came in. */
  async #setAsideUnread({ offset, value, headers, timestamp }: LogRecord): Promise<boolean> {
    const { pipeline, component: exporter, broker } = this.#options;
    const about = { pipeline, exporter, reason: "unreadable_record", tenant: DEFAULT_TENANT, items: 0 };
    const place = { origin: `${this.#claim.partition}:${offset}:0/1`, first: 0, at: timestamp, raw: headers };
    const letter = letterRecord({ ...about, ...place }, value.subarray(0, broker.maxRecordBytes));
    const entry = this.#account.enter(offset, DEFAULT_TENANT, 0);
    if (!(await this.#appendLetters([letter], this.#abort))) return false;
    this.#settle(entry, { kind: "settled", drops: [] });
    return true;
  }

  /** Appends letters of this partition's records to its dead letters. */
  async #setAside(letters: readonly Letter[], abort: AbortSignal): Promise<boolean> {
    const { pipeline, component: exporter } = this.#options;
    const records = letters.map(({ batch: { tenant, meta }, body, ...letter }) => {
      const at = this.#ats.get(letter.origin) ?? 0;
      return letterRecord({ ...letter, pipeline, exporter, tenant, at, ...(meta && { meta }) }, body);
    });
    return await this.#appendLetters(records, abort);
  }

  async #appendLetters(letters: readonly WholeRecord[], abort: AbortSignal): Promise<boolean> {
    const topic = deadLetterTopic(this.#claim.topic);
    const isDone = await appendInTurn(this.#claim, topic, letters, abort, this.#options);
    // As with a commit: not taken and not aborted means that the claim is lost, whose end is announced or has been.
    if (!isDone) this.#stop.abort();
    return isDone;
  }

  /** Whether an earlier owner of the partition wrote this twice. */
  #isOverlap({ origin: written, at }: EnrichedHeaders): boolean {
    const origin = readOrigin(written);
    if (origin === undefined) return false;
    if (isSettled(origin, at, this.#newest)) return true;
    this.#newest = { offset: origin.offset, part: origin.part, at };
    return false;
  }

  /** Counts for the account, once per record, whatever the layers inside join or repeat. */
  readonly #observer: DeliveryObserver = {
    entered: (batch) => {
      const reading = this.#reading;
      if (reading === undefined) throw new Fault("bug", "a batch entered the account that no record was read for");
      const { offset, headers } = reading;
      this.#entries.set(batch, this.#account.enter(offset, batch.tenant, batch.items, knowledge(headers)));
    },
    settled: (batch, verdict) => {
      const entry = this.#entries.get(batch);
      this.#entries.delete(batch);
      if (entry !== undefined) this.#settle(entry, verdict);
    },
    returned: (batch) => void this.#entries.delete(batch),
  };

  #settle(entry: Entry, { drops }: Settled): void {
    const deadLettered = sumItems(drops.filter((drop) => drop.deadLettered));
    const dropped = dropCounts(
      this.#options.component,
      drops.filter((drop) => !drop.deadLettered),
    );
    const delivered = entry.items - sumItems(drops);
    const times = entry.offset < this.#doubt.below ? this.#doubt.times : 0;
    const redelivered = delivered === 0 ? 0 : entry.items * times;
    this.#account.settle(entry, { delivered, redelivered, deadLettered, dropped });
    this.#committer.request();
  }

  /** A try got no answer: whatever is in flight may be delivered once more than the account can know. */
  async #unanswered(): Promise<void> {
    const { low, next } = this.#account;
    const before = low < this.#doubt.below ? this.#doubt : { below: low, times: 0 };
    this.#doubt = { below: Math.max(next, before.below), times: before.times + 1 };
    // A doubt that could not be written is lost only with the process, and is then one of its last commit's.
    await this.#committer.now().catch((thrown: unknown) => {
      this.#options.log.debug("a doubt could not be written", { fault: Fault.from(thrown) });
    });
  }

  #returned(verdict: Verdict): void {
    // A retry comes out of the chain when the run ends: whoever owns the partition next will send it. At any other time
    // the record would stay unsettled for ever, so the partition is given up and taken again.
    if (verdict.kind === "retry" && !this.#abort.aborted) this.#fail(verdict.fault);
  }

  #fail(fault: Error): void {
    this.#failure ??= fault;
    this.#stop.abort();
  }

  /** Makes known that `offset` is about to be sent, before it is; waits while the log cannot take that. */
  async #promise(offset: number): Promise<void> {
    this.#wanted = offset;
    const { clock, log } = this.#options;
    const where = { topic: this.#claim.topic, partition: this.#claim.partition };
    const taken = await untilTaken(() => this.#committer.now().then(() => true), this.#abort, { clock, log, where });
    // The claim is lost: its end is announced, or has been.
    if (taken === undefined) this.#stop.abort();
  }

  async #commit(sentBelow: number): Promise<void> {
    const { group, component } = this.#options;
    const offset = this.#account.low;
    const { origin } = this.#account;
    const doubt = offset < this.#doubt.below ? this.#doubt : undefined;
    const totals = encodeTotals({
      offset,
      sentBelow,
      ...(doubt && { doubt }),
      rows: this.#account.rows(),
      ...(origin && { origin }),
    });
    await this.#claim.commit(offset, [{ key: totalsKey(group, this.#claim.partition), value: totals }]);
    this.#sentBelow = sentBelow;
    this.#options.log.debug("committed", { component, partition: this.#claim.partition, offset });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#options.hurry.removeEventListener("abort", this.#hurried);
    await this.#flight.over();
    await this.#committer.stop();
    // After an orderly end only what is still unsettled may have been sent.
    const { unsettled, low, next } = this.#account;
    await this.#commit(unsettled === 0 ? low : next).catch(() =>
      this.#options.log.debug("the last commit of a lost partition was refused", { partition: this.#claim.partition }),
    );
  }
}

/** What may have been sent before: nothing more after an orderly end, and never what was appended since. */
function doubtOf(stored: Totals | undefined, offset: number, high: number): Doubt {
  const sentBelow = Math.min(stored?.sentBelow ?? offset, high);
  const earlier =
    stored?.doubt !== undefined && stored.doubt.below > offset ? stored.doubt : { below: offset, times: 0 };
  return sentBelow <= offset ? earlier : { below: Math.max(sentBelow, earlier.below), times: earlier.times + 1 };
}

function knowledge({ origin: written, at }: EnrichedHeaders): Knowledge {
  const origin = readOrigin(written);
  return origin === undefined ? {} : { origin: { offset: origin.offset, part: origin.part, at } };
}

function sumItems(drops: readonly Drop[]): number {
  return drops.reduce((sum, { items }) => sum + items, 0);
}

function dropCounts(component: string, drops: readonly Drop[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason, items } of drops) {
    const key = `${component}/${reason}`;
    counts[key] = (counts[key] ?? 0) + items;
  }
  return counts;
}
