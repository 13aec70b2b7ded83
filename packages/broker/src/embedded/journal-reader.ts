/** Reads streams of the journal: from memory where the reader keeps up, else from the segments, oldest first. */
import type { LogRecord, Watermarks } from "../log.ts";
import type { BatchEntry } from "./batch-index.ts";
import { diskFault } from "./disk-fault.ts";
import { errorCode } from "./file-system.ts";
import type { Positions, Segment } from "./segment.ts";
import type { SegmentFiles } from "./segment-files.ts";
import type { TailCache } from "./tail-cache.ts";

// Records without a value are free by `maxBytes`; this bounds them.
const MAX_RECORDS = 10_000;

/** Collects records until a bound is reached; the first one is always taken. */
class Taken {
  readonly records: LogRecord[] = [];
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a record, or says no when it would be too much. */
  readonly take = (record: LogRecord): boolean => {
    this.#bytes += record.value.length;
    const fits = this.records.length === 0 || (this.#bytes <= this.#maxBytes && this.records.length < MAX_RECORDS);
    if (fits) this.records.push(record);
    return fits;
  };
}

/** Reading, over the same segments and positions that the writer moves. */
export class JournalReader {
  readonly #segments: readonly Segment[];
  readonly #files: SegmentFiles;
  readonly #tail: TailCache;
  readonly #positions: Positions;

  constructor(segments: readonly Segment[], files: SegmentFiles, tail: TailCache, positions: Positions) {
    this.#segments = segments;
    this.#files = files;
    this.#tail = tail;
    this.#positions = positions;
  }

  /** The first offset of the oldest segment, and one past the last durable record. */
  watermarks(stream: number): Watermarks {
    return { low: this.#segments[0]?.starts.next(stream) ?? 0, high: this.#positions.next(stream) };
  }

  /** Records from `offset`, or from the low watermark when that is higher. Damaged batches are stepped over. */
  async read(stream: number, offset: number, maxBytes: number): Promise<readonly LogRecord[]> {
    const taken = new Taken(maxBytes);
    const { low, high } = this.watermarks(stream);
    const from = Math.max(offset, low);
    if (from >= high || this.#tail.from(stream, from, taken.take)) return taken.records;
    for await (const [segment, entry] of this.#batches(stream, from)) {
      const records = await this.#batch(segment, entry);
      for (const record of records) if (record.offset >= from && !taken.take(record)) return taken.records;
    }
    return taken.records;
  }

  /** The first offset written at `timestamp` or later; the end when there is none. */
  async offsetAt(stream: number, timestamp: number): Promise<number> {
    for (const segment of [...this.#segments]) {
      if (segment.lastTimestamp < timestamp) continue;
      const found = (await this.#files.index(segment)).findTime(stream, timestamp);
      if (found !== undefined) return found.base;
    }
    return this.#positions.next(stream);
  }

  async *#batches(stream: number, from: number): AsyncGenerator<readonly [Segment, BatchEntry], void, void> {
    // The list changes while we wait: retention takes from its front, the writer adds to its end.
    const segments = [...this.#segments];
    let reached = from;
    for (let place = this.#place(segments, stream, from); place < segments.length; place++) {
      const segment = segments[place];
      const next = segments[place + 1];
      // Nothing of this stream above what was reached: its index need not be read.
      if (segment === undefined || (next !== undefined && next.starts.next(stream) <= reached)) continue;
      const index = await this.#files.index(segment);
      const first = index.find(stream, reached);
      if (first < 0) continue;
      for (let at = first, entry = index.at(stream, at); entry !== undefined; entry = index.at(stream, ++at)) {
        reached = entry.base + entry.count;
        yield [segment, entry];
      }
    }
  }

  /** The place of the last segment that was begun when the stream stood at `offset` or below. */
  #place(segments: readonly Segment[], stream: number, offset: number): number {
    let low = 0;
    let high = segments.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((segments[middle]?.starts.next(stream) ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  async #batch(segment: Segment, entry: BatchEntry): Promise<readonly LogRecord[]> {
    try {
      return (await this.#files.batch(segment, entry)) ?? [];
    } catch (thrown) {
      // Retention was faster than this reader: the batch is gone, and what follows is not.
      if (errorCode(thrown) === "ENOENT" && !this.#segments.includes(segment)) return [];
      throw diskFault(thrown, `segment ${segment.number}`);
    }
  }
}
