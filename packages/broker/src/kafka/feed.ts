/** What one claim reads: a read position, and the few records behind it that were fetched ahead. */
import type { LogRecord } from "../log.ts";

/** A feed fetches no more at once than its reader asks for, but at least this, bytes. */
const MIN_FETCH_BYTES = 64 << 10;

/** The records of one partition on their way to one reader. */
export class Feed {
  readonly topic: string;
  readonly partition: number;
  /** Told when the feed has begun to want records. */
  readonly #hungry: (feed: Feed) => void;
  #buffer: LogRecord[] = [];
  #buffered = 0;
  #position: number;
  /** Where the next fetch begins. */
  #next: number;
  /** What the reader asked for last, bytes; 0 until it reads, since most readers seek first. */
  #asked = 0;
  /** Grows with every seek: what was fetched for an earlier one is not wanted any more. */
  #epoch = 0;
  #closed = false;
  readonly #waiting: (() => void)[] = [];

  constructor(topic: string, partition: number, position: number, hungry: (feed: Feed) => void) {
    this.topic = topic;
    this.partition = partition;
    this.#position = position;
    this.#next = position;
    this.#hungry = hungry;
  }

  /** What to fetch next; undefined while enough is at hand. One read ahead is enough: fetching then overlaps with work. */
  want(): { readonly offset: number; readonly maxBytes: number; readonly epoch: number } | undefined {
    if (this.#closed || this.#asked === 0 || (this.#buffer.length > 0 && this.#buffered >= this.#asked))
      return undefined;
    return { offset: this.#next, maxBytes: Math.max(MIN_FETCH_BYTES, this.#asked), epoch: this.#epoch };
  }

  /** Whether a fetch of that epoch is still wanted. */
  isCurrent(epoch: number): boolean {
    return !this.#closed && epoch === this.#epoch;
  }

  /** Takes in what a fetch brought. */
  feed(records: readonly LogRecord[], next: number): void {
    for (const record of records) {
      this.#buffer.push(record);
      this.#buffered += record.value.length;
    }
    this.#next = next;
    if (records.length > 0) this.#rouse();
  }

  /** Sets the read position; takes effect at once. */
  seek(offset: number): void {
    this.#epoch++;
    this.#buffer = [];
    this.#buffered = 0;
    this.#position = offset;
    this.#next = offset;
    if (this.#asked > 0) this.#hungry(this);
  }

  /** The next records, at least one, up to `maxBytes` of values; waits for them. Nothing once the feed is closed. */
  async take(maxBytes: number): Promise<readonly LogRecord[]> {
    this.#asked = Math.max(1, maxBytes);
    while (!this.#closed) {
      if (this.#buffer.length > 0) return this.#cut(maxBytes);
      this.#hungry(this);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
    return [];
  }

  #cut(maxBytes: number): readonly LogRecord[] {
    let count = 0;
    let bytes = 0;
    for (const { value } of this.#buffer) {
      if (count > 0 && bytes + value.length > maxBytes) break;
      count++;
      bytes += value.length;
    }
    const taken = this.#buffer.splice(0, count);
    this.#buffered -= bytes;
    this.#position = (taken.at(-1)?.offset ?? this.#position - 1) + 1;
    this.#hungry(this);
    return taken;
  }

  /** Ends it: whoever waits gets nothing. */
  close(): void {
    this.#closed = true;
    this.#buffer = [];
    this.#rouse();
  }

  #rouse(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
