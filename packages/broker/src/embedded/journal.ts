/**
 * The journal: one sequence of files for all topics and partitions, here called streams. Appends that arrive while a sync
 * runs are written together and made durable by the next one; each resolves, and is visible, only when it is durable.
 */

import { type Clock, Fault, type Log } from "@rondo/core";
import type { Appended, LogRecord, Watermarks, WholeRecord } from "../log.ts";
import { type BatchIndex, MAX_BATCHES } from "./batch-index.ts";
import { diskFault } from "./disk-fault.ts";
import { encodeRecords, HEADER_BYTES } from "./frame.ts";
import { JournalReader } from "./journal-reader.ts";
import { type Pending, type Placed, placeGroup } from "./place-group.ts";
import { type Recovered, recover } from "./recover.ts";
import { judgeOldest, type RetentionOptions } from "./retention.ts";
import type { JournalFiles } from "./scan-segment.ts";
import type { Positions, Segment } from "./segment.ts";
import { SegmentFiles } from "./segment-files.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { TailCache } from "./tail-cache.ts";
import { Waiters } from "./waiters.ts";

/** What a journal is opened with. */
export interface JournalOptions extends JournalFiles, RetentionOptions {
  /** Gives records their timestamps and decides what is past its retention. */
  readonly clock: Clock;
  /** A file is sealed when a group of appends would make it longer than this. */
  readonly segmentBytes: number;
  /** False: appends resolve when the system has them, not when the device has. */
  readonly sync: boolean;
  readonly tailCacheBytes: number;
  /** Appends that wait, bytes; over it, appends fail with `unavailable`. */
  readonly queueBytes: number;
}

// One writev takes at most this much, so that the first of many waiting appends does not wait for all the others' bytes.
const GROUP_BYTES = 16 << 20;

// How often the file that is written on is looked for under its name, milliseconds.
const NAME_CHECK_MS = 1_000;

/** An open journal. */
export class Journal {
  readonly #options: JournalOptions;
  #syncs = 0;
  readonly #appended = new Map<number, { readonly records: number; readonly bytes: number }>();
  readonly #log: Log;
  readonly #files: SegmentFiles;
  readonly #segments: Segment[];
  /** Where every stream stands, durably. */
  readonly #positions: Positions;
  readonly #tail: TailCache;
  readonly #reader: JournalReader;
  readonly #waiters = new Waiters();
  #writer: SegmentWriter | undefined;
  #highestNumber: number;
  #queue: Pending[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;
  #sealing: Promise<void> = Promise.resolve();
  #forgetting: Promise<void> = Promise.resolve();
  /** Past its retention, read by nobody any more, and still there: nothing behind it may go before it. */
  #leaving: Segment | undefined;
  #closed = false;
  #failing = false;
  /** When it was last seen that the newest file has its name, on the monotonic clock. */
  #namedAt = Number.NEGATIVE_INFINITY;
  /** The file that was written on was removed: nothing more can be made durable before the next start. */
  #isGone = false;
  /** Told that size would take what a group has not read. */
  #isHeld = false;

  private constructor(options: JournalOptions, recovered: Recovered) {
    this.#options = options;
    this.#log = options.log;
    this.#files = new SegmentFiles(options);
    this.#segments = [...recovered.segments];
    this.#positions = recovered.positions;
    this.#highestNumber = recovered.highestNumber;
    this.#tail = new TailCache(options.tailCacheBytes);
    this.#reader = new JournalReader(this.#segments, this.#files, this.#tail, this.#positions);
    for (const segment of recovered.segments) {
      const index = recovered.indexes.get(segment.number);
      if (index !== undefined) this.#files.hold(segment, index);
    }
  }

  /** Opens what is there, repairing what a crash left behind unless `readOnly`. Throws the system's errors. */
  static async open(options: JournalOptions): Promise<Journal> {
    const recovered = await recover(options);
    const journal = new Journal(options, recovered);
    if (options.readOnly) return journal;
    const newest = recovered.segments.at(-1);
    const index = newest && recovered.indexes.get(newest.number);
    if (newest !== undefined && index !== undefined && recovered.continuable) {
      journal.#writer = await SegmentWriter.reopen(options, newest, index);
    }
    for (const segment of recovered.segments.slice(0, -1)) await journal.#files.seal(segment);
    return journal;
  }

  /** Raises the next offset of a stream that is known to have been further; true when it was behind. */
  raise(stream: number, next: number): boolean {
    if (this.#positions.next(stream) >= next) return false;
    this.#positions.move(stream, next, 0);
    return true;
  }

  /**
   * Appends records to a stream, all or none. Durable and visible when it resolves. `check` runs just before the write and
   * may throw to withdraw. Rejects with `disk_full`, `unavailable` (not written, later will do) or `aborted` (closed).
   */
  append(stream: number, records: readonly WholeRecord[], check: () => void = () => undefined): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Fault("aborted", "the log is closed");
      const body = encodeRecords(records, this.#options.salt);
      if (this.#queuedBytes > 0 && this.#queuedBytes + body.length > this.#options.queueBytes) {
        throw new Fault(
          "unavailable",
          `${this.#queuedBytes} B wait to be written, with these ${body.length} B more than ${this.#options.queueBytes}: the disk is too slow`,
        );
      }
      this.#queuedBytes += body.length;
      this.#queue.push({ stream, records, body, check, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Records of a stream from `offset`, at least one if there is one, up to `maxBytes` of values. */
  read(stream: number, offset: number, maxBytes: number): Promise<readonly LogRecord[]> {
    return this.#reader.read(stream, offset, maxBytes);
  }

  /** The first offset written at `timestamp` or later; the end when there is none. */
  offsetAt(stream: number, timestamp: number): Promise<number> {
    return this.#reader.offsetAt(stream, timestamp);
  }

  /** The first offset that is kept, and one past the last durable one. */
  watermarks(stream: number): Watermarks {
    return this.#reader.watermarks(stream);
  }

  /** Resolves when the stream has grown or `until` fires. */
  changed(stream: number, until: AbortSignal): Promise<void> {
    return this.#waiters.wait(stream, until);
  }

  /** One more than the highest stream that was ever written. */
  get streams(): number {
    return this.#positions.pairs().length / 2;
  }

  /** Syncs since the journal was opened; one makes a whole group of appends durable. */
  get syncs(): number {
    return this.#syncs;
  }

  /** What became durable in a stream since the journal was opened. */
  appended(stream: number): { readonly records: number; readonly bytes: number } {
    return this.#appended.get(stream) ?? { records: 0, bytes: 0 };
  }

  /** Files and bytes on disk, and bytes held in memory for readers that keep up. */
  size(): { readonly segments: number; readonly bytes: number; readonly tailBytes: number } {
    const bytes = this.#segments.reduce((sum, { end }) => sum + end, 0);
    return { segments: this.#segments.length, bytes, tailBytes: this.#tail.bytes };
  }

  /**
   * Removes sealed segments that retention does not keep, and seals the newest when its oldest record has used up a quarter
   * of its time, so that a quiet log forgets as well. Failures are logged; the next call tries again.
   */
  async expire(): Promise<void> {
    const { clock, retentionMs } = this.#options;
    const now = clock.now();
    const newest = this.#segments.at(-1);
    if (newest !== undefined && newest.firstTimestamp > 0 && newest.firstTimestamp < now - retentionMs / 4) {
      await this.#exclusively(() => this.#begin());
    }
    await this.#sealing;
    await this.#forget();
  }

  /** Removes what is past its retention. Never rejects. Runs when no sidecar is being written, which would outlive its segment. */
  #forget(): Promise<void> {
    this.#forgetting = this.#forgetting.then(() => this.#removeOldest());
    return this.#forgetting;
  }

  /** One file after the other: a hole between two that are left would be taken for a loss. */
  async #removeOldest(): Promise<void> {
    for (;;) {
      this.#leaving ??= this.#past();
      if (this.#leaving === undefined) return;
      try {
        await this.#files.remove(this.#leaving);
      } catch (thrown) {
        const { directory } = this.#options;
        const what = `segment ${this.#leaving.number} is past its retention but cannot be removed`;
        return this.#log.warn(`${directory}: ${what}; it is tried again: ${thrown}`);
      }
      this.#leaving = undefined;
    }
  }

  /** Takes the oldest segment out of the readers' sight if it is past its retention. */
  #past(): Segment | undefined {
    const judgement = judgeOldest(this.#segments, this.#options.clock.now(), this.#options);
    if (judgement.kind === "held") this.#held(judgement.group, judgement.bytes);
    else this.#isHeld = false;
    return judgement.kind === "remove" ? this.#segments.shift() : undefined;
  }

  /** Says once that the log is larger than it should be, and who has to read on. */
  #held(group: string, bytes: number): void {
    const { directory, retentionBytes } = this.#options;
    if (!this.#isHeld) {
      this.#log.warn(
        `${directory} takes ${bytes} B, more than retention_bytes ${retentionBytes}: its oldest file stays, until group ${group} has read it or it is past its retention`,
        { group },
      );
    }
    this.#isHeld = true;
  }

  /** Waits for appends under way, refuses new ones, and closes files. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running !== undefined) await this.#running;
    await this.#sealing;
    await this.#forgetting;
    await this.#writer?.close();
    this.#files.close();
  }

  /** Runs between two groups of appends. A failure is logged. */
  async #exclusively(run: () => Promise<unknown>): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#closed) return;
    this.#running = run()
      .then(() => undefined)
      .catch((thrown) => this.#log.warn(`a new segment could not be begun: ${Fault.from(thrown).message}`))
      .finally(() => {
        this.#running = this.#queue.length > 0 ? this.#run() : undefined;
      });
    await this.#running;
  }

  async #run(): Promise<void> {
    // Gives the appends of this tick the chance to share the first sync.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#writeGroup(this.#takeGroup());
    this.#running = undefined;
  }

  #takeGroup(): readonly Pending[] {
    let bytes = 0;
    let count = 0;
    for (const { body } of this.#queue) {
      if (count > 0 && bytes + body.length > GROUP_BYTES) break;
      bytes += body.length;
      count++;
    }
    const group = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    this.#queuedBytes -= bytes;
    return group;
  }

  async #writeGroup(group: readonly Pending[]): Promise<void> {
    const admitted: Pending[] = [];
    for (const pending of group) {
      try {
        pending.check();
        admitted.push(pending);
      } catch (thrown) {
        pending.reject(Fault.from(thrown));
      }
    }
    if (admitted.length === 0) return;
    try {
      await this.#findName();
      const writer = await this.#writerFor(admitted);
      const { clock, sync, salt } = this.#options;
      const { end } = writer.segment;
      // Without syncing nothing is known to be durable, and every hole may be a torn tail.
      const place = { now: clock.now(), position: end, synced: sync ? end : 0, salt };
      const { chunks, placed } = placeGroup(admitted, this.#positions, place);
      await writer.write(chunks);
      if (sync) this.#syncs++;
      this.#publish(placed, writer);
      if (this.#failing) this.#log.info("appends succeed again");
      this.#failing = false;
    } catch (thrown) {
      const fault = diskFault(thrown, this.#options.directory);
      // Said once, not for every try of everybody who waits for room.
      if (!this.#failing) this.#log.error(`appends fail: ${fault.message}`, { code: fault.code });
      this.#failing = true;
      for (const { reject } of admitted) reject(fault);
    }
  }

  /** Throws `unavailable` when what is written would not be found again. */
  async #findName(): Promise<void> {
    const { clock, directory } = this.#options;
    const now = clock.monotonic();
    if (!this.#isGone && this.#writer !== undefined && now - this.#namedAt >= NAME_CHECK_MS) {
      this.#isGone = !(await this.#writer.hasName());
      this.#namedAt = now;
    }
    if (!this.#isGone) return;
    throw new Fault(
      "unavailable",
      `${directory}: the file that was written on was removed under the running process; restart it, and what is left there is read`,
    );
  }

  /** The writer of the newest segment; begins a new one when there is none or it is full. */
  async #writerFor(group: readonly Pending[]): Promise<SegmentWriter> {
    const { segmentBytes } = this.#options;
    const bytes = group.reduce((sum, { body }) => sum + body.length + HEADER_BYTES, 0);
    const writer = this.#writer;
    const fits =
      writer !== undefined &&
      !writer.failed &&
      writer.index.batches + group.length <= MAX_BATCHES &&
      (writer.segment.end + bytes <= segmentBytes || writer.index.batches === 0);
    return fits ? writer : await this.#begin();
  }

  async #begin(): Promise<SegmentWriter> {
    const previous = this.#segments.at(-1);
    // A number is never used twice, even if the attempt fails: its file may be left behind.
    this.#highestNumber++;
    const writer = await SegmentWriter.begin(this.#options, this.#highestNumber, {
      previous: previous === undefined ? null : { number: previous.number, end: previous.end },
      starts: this.#positions.copy(),
    });
    const sealed = this.#writer;
    this.#writer = writer;
    this.#segments.push(writer.segment);
    this.#files.hold(writer.segment, writer.index);
    // Beside the appends: nobody waits for a sidecar but the end of the journal.
    if (previous !== undefined) this.#sealing = this.#seal(previous, this.#sealing);
    await sealed?.close().catch((thrown) => this.#log.warn(`a sealed segment could not be closed: ${thrown}`));
    return writer;
  }

  async #seal(segment: Segment, before: Promise<void>): Promise<void> {
    await before;
    await this.#files.seal(segment);
    await this.#forget();
  }

  /** Makes durable appends visible, answers them and wakes the readers. */
  #publish(placed: readonly Placed[], writer: SegmentWriter): void {
    const grown = new Set<number>();
    for (const { pending, appended, position } of placed) {
      const { stream, records, body } = pending;
      const { baseOffset: base, timestamp } = appended;
      const { index, segment }: { index: BatchIndex; segment: Segment } = writer;
      index.add(stream, { base, count: records.length, position, length: body.length, timestamp });
      if (segment.firstTimestamp === 0) segment.firstTimestamp = timestamp;
      segment.lastTimestamp = Math.max(segment.lastTimestamp, timestamp);
      this.#positions.move(stream, base + records.length, timestamp);
      this.#tail.add(
        stream,
        records.map(({ headers, value }, place) => ({ headers, value, offset: base + place, timestamp })),
        (place) => records[place]?.given === true,
      );
      const { records: before, bytes } = this.appended(stream);
      this.#appended.set(stream, { records: before + records.length, bytes: bytes + body.length + HEADER_BYTES });
      grown.add(stream);
    }
    for (const { pending, appended } of placed) pending.resolve(appended);
    for (const stream of grown) this.#waiters.wake(stream);
  }
}
