/**
 * Writes the windows of one partition from its enriched records, and fills them again when they are lost. Where it stands is
 * the store's to say, not the group's: each write names the offsets that it is of, and one that does not fit is refused.
 */
import type { Broker, Claim, LogRecord } from "@rondo/broker";
import { Fault, type Log } from "@rondo/core";
import { type HoldOptions, untilTaken } from "@rondo/delivery";
import { AHEAD_MS, GatheredSamples, type GatherOptions } from "./gathered-samples.ts";
import { offsetSince } from "./offset-since.ts";
import { PipelineProgress, type PipelineSource } from "./pipeline-progress.ts";
import { SLOT_MS } from "./slot.ts";
import type { PartitionMark, WindowStore, WindowWrite } from "./store.ts";

/** What the windows' writer needs on every one of its partitions. */
export interface WindowsWriterOptions extends GatherOptions {
  readonly broker: Broker;
  readonly store: WindowStore;
  /** Bytes of enriched records that are taken into hand at once; 1 MiB when absent. */
  readonly readBytes?: number;
  readonly log: Log;
  /** What the pipeline reads whose output is kept: until it is through, windows are not as new as the present. */
  readonly source?: PipelineSource;
}

const READ_BYTES = 1 << 20;
/** How long samples wait for others to be written with, milliseconds. */
const GATHER_MS = 200;
/** Bytes that are written without waiting for more. */
const WRITE_BYTES = 1 << 20;
/** How far the wall clock may go back without being wrong before, milliseconds: time servers do that by a little. */
const BACK_MS = 60_000;
/** How often the log is asked whether there is more, milliseconds: that is how old a watermark may be while nothing comes. */
const ASK_MS = 1_000;

/** Runs until `ended` fires, with the claim or before it. Throws only for bugs, and for what no later time will cure. */
export async function runWindowsClaim(claim: Claim, ended: AbortSignal, options: WindowsWriterOptions): Promise<void> {
  const writer = new PartitionWriter(claim, ended, options);
  try {
    await writer.untilEnded();
  } catch (thrown) {
    // How a wait ends that the end of the run has cut short.
    if (!ended.aborted || Fault.from(thrown).code !== "aborted") throw thrown;
  } finally {
    await writer.close();
  }
}

class PartitionWriter {
  readonly #claim: Claim;
  readonly #ended: AbortSignal;
  readonly #options: WindowsWriterOptions;
  readonly #hold: HoldOptions;
  readonly #gathered: GatheredSamples;
  readonly #progress: PipelineProgress;
  /** What the store takes next. What is gathered is of the records from here up to `#at`. */
  #next = 0;
  #at = 0;
  /** The claim's read position. It is ahead of `#at` while a lost partition is read again, and behind it after a takeover. */
  #position = 0;
  #reading: Promise<readonly LogRecord[]> | undefined;
  /** The partition is warming until it has everything below this offset. */
  #warmUntil = 0;
  #watermark = Number.NEGATIVE_INFINITY;
  /** What the store last heard of the watermark. */
  #told = Number.NEGATIVE_INFINITY;
  /** When what is gathered shall be written, and when the log is asked again; monotonic milliseconds. */
  #writeAt = Number.POSITIVE_INFINITY;
  #askAt = 0;
  /** Wall time of the last question. */
  #asked = 0;
  #committed = 0;
  #expiredAt = 0;
  readonly #stopMeasuring: () => void;

  constructor(claim: Claim, ended: AbortSignal, options: WindowsWriterOptions) {
    this.#claim = claim;
    this.#ended = ended;
    this.#options = options;
    const { clock, log, registry } = options;
    const where = { topic: claim.topic, partition: claim.partition };
    this.#hold = { clock, log, where, taker: "the window store" };
    this.#gathered = new GatheredSamples(claim.partition, options);
    this.#progress = new PipelineProgress(options.broker, options.source, claim.topic, claim.partition);
    const labels = { partition: String(claim.partition) };
    this.#stopMeasuring = registry.computed("rondo_windows_behind_seconds", labels, () =>
      this.#told === Number.NEGATIVE_INFINITY ? 0 : Math.max(0, clock.now() - this.#told) / 1000,
    );
  }

  async untilEnded(): Promise<void> {
    await this.#findPlace();
    // Once and for all: a claim that waits for records need not notice a seek, so what is read again is read beside it.
    this.#claim.seek(this.#at);
    this.#position = this.#at;
    while (!this.#ended.aborted) {
      const records = this.#at < this.#position ? await this.#readAgain() : await this.#readOn();
      await this.#gather(records);
      const now = this.#options.clock.monotonic();
      if (now >= this.#askAt) await this.#ask();
      else if (now >= this.#writeAt) await this.#write();
    }
  }

  /** Goes on where the store says, or begins to fill it. */
  async #findPlace(): Promise<void> {
    const { broker, store, selectors } = this.#options;
    const { topic, partition } = this.#claim;
    const mark = await this.#until(() => store.mark(partition));
    const { high } = await this.#until(() => broker.watermarks(topic, partition));
    // A mark beyond the end is of a topic that was there before this one.
    if (mark === undefined || mark.next > high || mark.keeps !== selectors.fingerprint) {
      await this.#refill(mark?.next);
    } else {
      this.#takeUp(mark, high);
    }
  }

  /** Begins at the oldest record that may hold a sample which something still reads. */
  async #refill(from: number | undefined): Promise<void> {
    const { broker, clock, log, selectors, latenessMs, registry, store } = this.#options;
    const { topic, partition } = this.#claim;
    const since = clock.now() - selectors.longestMs - latenessMs - AHEAD_MS;
    const start = await this.#until(() => offsetSince(broker, topic, partition, since));
    const { high } = await this.#until(() => broker.watermarks(topic, partition));
    // What comes behind this was never missing.
    this.#warmUntil = high;
    this.#watermark = start < high ? since : clock.now();
    const { applied } = await this.#until(() => store.write(this.#writeOf(from, start, [])));
    // Somebody was faster: what stands there is gone on with.
    if (!applied) return await this.#findPlace();
    registry.counter("rondo_windows_refills_total", {}).add(1);
    // Of a log that holds nothing there is nothing to tell.
    if (start < high) log.info("windows are filled from the log", { topic, partition, from: start, to: high });
    this.#goTo(start);
  }

  /** Goes on where a mark says. `high` is where a partition that is being filled has what it lacks. */
  #takeUp(mark: PartitionMark, high: number): void {
    if (mark.warming) this.#warmUntil = high;
    // Not the own one, which may be of writes that the store has forgotten.
    this.#watermark = mark.watermark;
    this.#goTo(mark.next);
  }

  /** Lets go of what is gathered, and of every slot's dictionary: nobody knows which blocks stand there now. */
  #goTo(offset: number): void {
    this.#gathered.forget();
    this.#writeAt = Number.POSITIVE_INFINITY;
    this.#next = offset;
    this.#at = offset;
  }

  /** The next records of the claim; none when it is time to write or to ask. Reading goes on meanwhile. */
  async #readOn(): Promise<readonly LogRecord[]> {
    const { clock, readBytes = READ_BYTES } = this.#options;
    this.#reading ??= this.#claim.read(readBytes);
    // It may fail after this run has ended, when nobody waits for it any more.
    this.#reading.catch(() => undefined);
    const timeUp = Promise.withResolvers<undefined>();
    const stop = () => timeUp.resolve(undefined);
    const wait = Math.max(0, Math.min(this.#writeAt, this.#askAt) - clock.monotonic());
    const cancel = clock.after(wait, stop);
    this.#ended.addEventListener("abort", stop, { once: true });
    try {
      const records = await Promise.race([this.#reading, timeUp.promise]);
      if (records === undefined) return [];
      this.#reading = undefined;
      this.#position = Math.max(this.#position, (records.at(-1)?.offset ?? -1) + 1);
      return records;
    } finally {
      cancel();
      this.#ended.removeEventListener("abort", stop);
    }
  }

  /** Records that the claim has given already, read beside it. */
  async #readAgain(): Promise<readonly LogRecord[]> {
    const { broker, readBytes = READ_BYTES } = this.#options;
    const { topic, partition } = this.#claim;
    const records = await this.#until(() => broker.read(topic, partition, this.#at, readBytes));
    const again = records.filter(({ offset }) => offset < this.#position);
    // Nothing is there up to the position any more: retention was faster.
    if (again.length === 0) this.#at = this.#position;
    return again;
  }

  async #gather(records: readonly LogRecord[]): Promise<void> {
    const { clock } = this.#options;
    for (const record of records) {
      // Another writer has written this, and the store has gone on behind it.
      if (record.offset < this.#at) continue;
      this.#gathered.add(record);
      this.#at = record.offset + 1;
      // The log's clock may be ahead of this one, by which rules are evaluated.
      this.#watermark = Math.max(this.#watermark, Math.min(this.#progress.saw(record), clock.now()));
      // Its samples were copied out.
      record.release?.();
      this.#writeAt = Math.min(this.#writeAt, clock.monotonic() + GATHER_MS);
      // What is behind a write that was refused is read again.
      if (this.#gathered.bytes >= WRITE_BYTES && !(await this.#write())) return;
    }
  }

  /** Whether there is more; when there is not, the windows are as new as the present. */
  async #ask(): Promise<void> {
    const { broker, clock, store, selectors, latenessMs } = this.#options;
    const { topic, partition } = this.#claim;
    // Before the question: what is appended while it is on its way is not in the answer.
    const now = clock.now();
    this.#askAt = clock.monotonic() + ASK_MS;
    const wasAhead = now < this.#asked - BACK_MS;
    this.#asked = now;
    if (wasAhead) return await this.#undoAhead();
    // First, since what the pipeline does meanwhile is behind the end that is asked for next.
    const throughPipeline = await this.#until(() => this.#progress.isCaughtUp());
    const { high } = await this.#until(() => broker.watermarks(topic, partition));
    if (throughPipeline && this.#at >= high) this.#watermark = Math.max(this.#watermark, now);
    if (!(await this.#write())) return;
    await this.#commit();
    if (now < this.#expiredAt + SLOT_MS) return;
    this.#expiredAt = now;
    await this.#until(() => store.expire(now - selectors.longestMs - latenessMs - SLOT_MS));
  }

  /** While the clock was ahead, samples were too old that are not, and slots were forgotten that are still read. */
  async #undoAhead(): Promise<void> {
    const { log } = this.#options;
    const { topic, partition } = this.#claim;
    log.warn("the clock was set back; windows are filled again", { topic, partition });
    this.#expiredAt = 0;
    await this.#refill(this.#next);
  }

  /** Writes what is gathered, with the mark; false when that was refused, and the place is another one. */
  async #write(): Promise<boolean> {
    const { store, registry } = this.#options;
    const write = this.#writeOf(this.#next, this.#at, this.#gathered.take());
    this.#writeAt = Number.POSITIVE_INFINITY;
    const { applied } = await this.#until(() => store.write(write));
    if (!applied) {
      // A reply was lost, the store forgot its newest writes or all of them, or somebody else writes here.
      await this.#findPlace();
      return false;
    }
    this.#next = write.to;
    this.#told = write.watermark;
    const bytes = write.appends.reduce((sum, { block }) => sum + block.length, 0);
    registry.counter("rondo_windows_written_bytes_total", {}).add(bytes);
    return true;
  }

  /** The write that leads from one place to another, with the mark as it then is. */
  #writeOf(from: number | undefined, to: number, appends: WindowWrite["appends"]): WindowWrite {
    const { selectors } = this.#options;
    const { partition } = this.#claim;
    const warming = to < this.#warmUntil;
    return { partition, from, to, watermark: this.#watermark, warming, keeps: selectors.fingerprint, appends };
  }

  /** Only so that the group's lag can be seen; a commit that fails is made up for by the next one. */
  async #commit(): Promise<void> {
    if (this.#next === this.#committed) return;
    try {
      await this.#claim.commit(this.#next, []);
      this.#committed = this.#next;
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code !== "aborted" && fault.code !== "unavailable" && fault.code !== "disk_full") throw fault;
      this.#options.log.debug("a commit of the windows' group failed", { partition: this.#claim.partition, fault });
    }
  }

  /** Repeats what cannot be done now. Throws a Fault `aborted` when the run has ended, or log or store were closed. */
  async #until<T>(run: () => Promise<T>): Promise<T> {
    const done = await untilTaken(async () => ({ value: await run() }), this.#ended, this.#hold);
    if (done === undefined) throw new Fault("aborted", "the windows' writer was ended");
    return done.value;
  }

  async close(): Promise<void> {
    this.#stopMeasuring();
    await this.#commit();
  }
}
