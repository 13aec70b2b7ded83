/**
 * Reads one partition for as long as this consumer has it: records in, batches to the handler one at a time and in order,
 * acknowledgements in any order, commits without gaps.
 */
import {
  type Claim,
  type EnrichedHeaders,
  type GroupSpec,
  isSettled,
  type LogRecord,
  readEnrichedHeaders,
  readOrigin,
  type SettledOrigin,
} from "@rondo/broker";
import { type Clock, Fault, sleep } from "@rondo/core";
import type { Signal } from "@rondo/otlp";
import { CommitBeat } from "./commit-beat.ts";
import type { ConsumeStart, PartitionEvents } from "./consume-options.ts";
import { type ConsumedBatch, makeBatch } from "./consumed-batch.ts";
import { findStart, type Positions } from "./find-start.ts";
import { writeNote } from "./note.ts";
import { type Entry, Progress } from "./progress.ts";

/** What the readers of a consumer share. */
export interface ReaderShare<S extends Signal> {
  readonly spec: GroupSpec;
  readonly signal: S;
  readonly start: ConsumeStart;
  readonly positions: Positions;
  /** Gets each batch; settles it by `ack` alone when `isManual`. */
  readonly onBatch: (batch: ConsumedBatch<S>) => Promise<void> | void;
  readonly isManual: boolean;
  /** Bytes that one partition may have in hand. */
  readonly inFlightBytes: number;
  readonly retry: { readonly initialMs: number; readonly maxMs: number };
  readonly clock: Clock;
  readonly onFault: (fault: Fault) => void;
  /** Told of the partition when its beginning is known and stands. */
  readonly onPartition: (partition: PartitionEvents) => void;
  /** Fires when nothing that is in hand is waited for any more. */
  readonly giveUp: AbortSignal;
}

/** One partition, from the claim to its end. */
export class PartitionReader<S extends Signal> {
  readonly #claim: Claim;
  readonly #share: ReaderShare<S>;
  readonly #beat: CommitBeat;
  /** Fires when nothing may be done for the partition any more. */
  readonly #over: AbortSignal;
  #progress = new Progress(0, undefined);
  #partitions = 0;
  /** The newest origin that was read here or settled before. */
  #newest: SettledOrigin | undefined;
  #wake: (() => void) | undefined;

  constructor(claim: Claim, share: ReaderShare<S>) {
    this.#claim = claim;
    this.#share = share;
    this.#over = AbortSignal.any([claim.lost, share.giveUp]);
    const commit = () => claim.commit(this.#progress.low, []);
    this.#beat = new CommitBeat(share.clock, commit, share.onFault);
    this.#over.addEventListener("abort", () => this.#wake?.());
    claim.revoked.addEventListener("abort", () => this.#wake?.());
  }

  /** What is to stand beside the partition's commits. */
  note(): string {
    const { origin } = this.#progress;
    return writeNote({ partitions: this.#partitions, ...(origin && { origin }) });
  }

  /** Runs until the partition is taken away, and then until what is in hand is settled. Throws Faults of the log. */
  async run(): Promise<void> {
    const { spec, positions, start, onFault, inFlightBytes } = this.#share;
    const claim = this.#claim;
    const { offset, origin, partitions, isFirst } = await findStart(positions, spec, claim.partition, start, onFault);
    this.#progress = new Progress(offset, origin);
    this.#newest = origin;
    this.#partitions = partitions;
    claim.seek(offset);
    if (isFirst) await this.#commitStart();
    const { partition, revoked } = claim;
    this.#share.onPartition({ partition, revoked });
    const half = Math.ceil(inFlightBytes / 2);
    while (!revoked.aborted) {
      await this.#until(() => revoked.aborted || this.#progress.bytes < half);
      const records = revoked.aborted ? [] : await claim.read(half);
      for (const record of records) if (!revoked.aborted) await this.#take(record);
    }
    await this.#until(() => this.#over.aborted || this.#progress.open === 0);
    await this.#beat.stop();
  }

  /** The group's beginning stands before anything is handed over: a crash would else begin at another `latest`. */
  async #commitStart(): Promise<void> {
    const { revoked } = this.#claim;
    try {
      await this.#claim.commit(this.#progress.low, []);
    } catch (thrown) {
      if (!revoked.aborted) throw thrown;
    }
  }

  async #take(record: LogRecord): Promise<void> {
    const headers = this.#headersOf(record);
    const origin = headers && settledOrigin(headers);
    if (headers === undefined || (origin !== undefined && isSettled(origin, origin.at, this.#newest))) {
      // Older than what is settled already, it must not stand for it after a restart.
      return this.#settle(this.#progress.begin(record.offset, 0));
    }
    this.#newest = origin ?? this.#newest;
    const entry = this.#progress.begin(record.offset, record.value.length, origin);
    if (headers.items === 0) return this.#settle(entry);
    await this.#hand(record, headers, entry);
  }

  /** Undefined for a record that is not Rondo's. */
  #headersOf(record: LogRecord): EnrichedHeaders | undefined {
    try {
      return readEnrichedHeaders(record);
    } catch (thrown) {
      const { topic, partition } = this.#claim;
      const { code, message } = Fault.from(thrown, "corrupt");
      this.#share.onFault(new Fault(code, `${topic}/${partition}: ${message}; it was passed over`, { cause: thrown }));
      return undefined;
    }
  }

  /** Hands a record over until the handler takes it, or the partition is no longer ours. */
  async #hand(record: LogRecord, headers: EnrichedHeaders, entry: Entry): Promise<void> {
    const { signal, onBatch, isManual, clock } = this.#share;
    const { topic, partition, revoked } = this.#claim;
    const ack = () => this.#settle(entry);
    for (let attempt = 1; ; attempt++) {
      const batch = makeBatch({ signal, topic, partition, record, headers, attempt, revoked, ack });
      const thrown = await this.#outcome(() => onBatch(batch));
      if (this.#over.aborted) return;
      if (thrown === undefined) return isManual ? undefined : ack();
      const waitMs = this.#tell(thrown.by, record.offset, attempt, entry);
      if (entry.isSettled) return;
      await sleep(clock, waitMs, revoked);
      if (revoked.aborted) return this.#progress.abandon(entry);
    }
  }

  /** Tells why a batch comes back, and answers when, milliseconds. */
  #tell(thrown: unknown, offset: number, attempt: number, { isSettled: isTaken }: Entry): number {
    const { retry, onFault } = this.#share;
    const { topic, partition, revoked } = this.#claim;
    const waitMs = Math.min(retry.maxMs, retry.initialMs * 2 ** Math.min(attempt - 1, 30));
    // Whoever gives up because the partition is taken away has not failed.
    if (revoked.aborted && Fault.from(thrown).code === "aborted") return waitMs;
    const next = isTaken ? "it had acknowledged the batch" : `again in ${waitMs} ms`;
    const where = `offset ${offset} of ${topic}/${partition}, attempt ${attempt}`;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    onFault(new Fault("unavailable", `the handler failed (${where}; ${next}): ${why}`, { cause: thrown }));
    return waitMs;
  }

  /** What the handler threw; undefined when it resolved, or when nothing waits for it any more. */
  async #outcome(handle: () => Promise<void> | void): Promise<{ readonly by: unknown } | undefined> {
    const over = Promise.withResolvers<undefined>();
    const end = () => over.resolve(undefined);
    this.#over.addEventListener("abort", end, { once: true });
    const handled = (async () => {
      try {
        await handle();
        return undefined;
      } catch (by) {
        return { by };
      }
    })();
    try {
      return await Promise.race([handled, over.promise]);
    } finally {
      this.#over.removeEventListener("abort", end);
    }
  }

  #settle(entry: Entry): void {
    if (this.#over.aborted || !this.#progress.settle(entry)) return;
    this.#beat.request();
    this.#wake?.();
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    this.#wake = undefined;
  }
}

function settledOrigin({ origin: written, at }: EnrichedHeaders): SettledOrigin | undefined {
  const origin = readOrigin(written);
  return origin && { offset: origin.offset, part: origin.part, at };
}
