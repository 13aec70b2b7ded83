/** The newest records of every stream in memory, so that readers that keep up get the very bytes that were appended. */
import { free } from "@rondo/core";
import type { Headers, LogRecord } from "../log.ts";

interface Batch {
  readonly stream: number;
  readonly records: readonly Held[];
  readonly bytes: number;
}

// What an entry costs beyond its values: the objects around them.
const RECORD_OVERHEAD = 256;

/** A record in the cache. Its memory is freed when it has left and nobody reads it any more, if it is ours alone. */
class Held implements LogRecord {
  readonly headers: Headers;
  readonly value: Uint8Array;
  readonly offset: number;
  readonly timestamp: number;
  readonly #isOurs: boolean;
  #readers = 0;
  #hasLeft = false;

  constructor({ headers, value, offset, timestamp }: LogRecord, isOurs: boolean) {
    this.headers = headers;
    this.value = value;
    this.offset = offset;
    this.timestamp = timestamp;
    this.#isOurs = isOurs;
  }

  lend(): void {
    this.#readers++;
  }

  release(): void {
    this.#readers--;
    this.#end();
  }

  leave(): void {
    this.#hasLeft = true;
    this.#end();
  }

  #end(): void {
    if (this.#isOurs && this.#hasLeft && this.#readers === 0) free(this.value);
  }
}

/** Holds up to `limit` bytes over all streams; the oldest batches leave first. */
export class TailCache {
  readonly #limit: number;
  /** By age; each stream's own list in `#streams` is a subsequence of it. */
  #ages: Batch[] = [];
  #oldest = 0;
  #bytes = 0;
  readonly #streams = new Map<number, Held[]>();
  readonly #gone = new Map<number, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes held, overheads included; at most the limit. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds a stream's newest records. Larger than the whole cache, they empty it: what is held has no gap before the end. The value
   * of a record that `isGiven` is freed when it has left and each of its readers has released it.
   */
  add(stream: number, records: readonly LogRecord[], isGiven: (index: number) => boolean = () => false): void {
    const held = records.map((record, index) => new Held(owning(record), isGiven(index)));
    const bytes = held.reduce((sum, { value }) => sum + value.length + RECORD_OVERHEAD, 0);
    this.#ages.push({ stream, records: held, bytes });
    this.#bytes += bytes;
    const list = this.#streams.get(stream);
    if (list === undefined) this.#streams.set(stream, [...held]);
    else for (const record of held) list.push(record);
    while (this.#bytes > this.#limit) this.#drop();
  }

  /** Records from `offset` on: undefined when that offset is no longer (or never was) held. */
  from(stream: number, offset: number, take: (record: LogRecord) => boolean): boolean {
    const list = this.#streams.get(stream);
    let low = this.#gone.get(stream) ?? 0;
    const first = list?.[low];
    if (list === undefined || first === undefined || offset < first.offset) return false;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle]?.offset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    for (; low < list.length; low++) {
      const record = list[low];
      if (record === undefined) break;
      if (!take(record)) break;
      record.lend();
    }
    return true;
  }

  #drop(): void {
    const batch = this.#ages[this.#oldest];
    if (batch === undefined) return;
    this.#oldest++;
    this.#bytes -= batch.bytes;
    if (this.#oldest > 1024 && this.#oldest * 2 > this.#ages.length) {
      this.#ages = this.#ages.slice(this.#oldest);
      this.#oldest = 0;
    }
    const { stream, records } = batch;
    for (const record of records) record.leave();
    const list = this.#streams.get(stream) ?? [];
    const gone = (this.#gone.get(stream) ?? 0) + records.length;
    if (gone * 2 > list.length) {
      list.splice(0, gone);
      this.#gone.set(stream, 0);
    } else this.#gone.set(stream, gone);
  }
}

/** A value that is a small part of a large buffer is copied, so that the cache does not keep the whole of it alive. */
function owning(record: LogRecord): LogRecord {
  const { value } = record;
  return value.buffer.byteLength <= value.length * 2 + 1024 ? record : { ...record, value: Buffer.from(value) };
}
