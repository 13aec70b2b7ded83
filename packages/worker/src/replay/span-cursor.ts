/** Reads the records of one partition that belong to a span of time, each raw record's once, up to where the partition ended. */
import {
  type Broker,
  type EnrichedHeaders,
  isSettled,
  type LogRecord,
  readEnrichedHeaders,
  readOrigin,
  type SettledOrigin,
} from "@rondo/broker";
import { Fault } from "@rondo/core";
import { readBelow } from "../read-below.ts";
import { CLOCKS_APART_MS, type Span } from "./span-start.ts";

/** A record that is to be sent again. */
export interface SpanRecord {
  readonly partition: number;
  readonly record: LogRecord;
  readonly headers: EnrichedHeaders;
  readonly origin?: SettledOrigin;
}

/** What a cursor reads. */
export interface CursorOptions {
  readonly broker: Broker;
  readonly topic: string;
  readonly partition: number;
  readonly span: Span;
  /** Where to begin; everything of the span below it is done. */
  readonly offset: number;
  /** The newest origin that is done. */
  readonly origin?: SettledOrigin;
  /** Nothing from here on: the end of the partition when the replay began. */
  readonly end: number;
  /** Bytes that are read ahead; a record is read whatever it has. */
  readonly aheadBytes: number;
  /** Told of a record that cannot be read, which is passed over. */
  readonly onUnreadable: (fault: Fault) => void;
}

/** One partition, from front to end. */
export class SpanCursor {
  readonly #options: CursorOptions;
  #ahead: SpanRecord[] = [];
  #next: number;
  #newest: SettledOrigin | undefined;

  constructor(options: CursorOptions) {
    this.#options = options;
    this.#next = options.offset;
    this.#newest = options.origin;
  }

  /** The next record, which stays; undefined at the end of the span. Throws the log's Faults. */
  async peek(): Promise<SpanRecord | undefined> {
    const { broker, topic, partition, end, aheadBytes } = this.#options;
    while (this.#ahead.length === 0 && this.#next < end) {
      const records = await readBelow(broker, { topic, partition, end }, this.#next, aheadBytes);
      // Retention, or a damaged place: nothing is there up to the end.
      if (records.length === 0) this.#next = end;
      for (const record of records) this.#sort(record);
    }
    return this.#ahead[0];
  }

  /** Takes what `peek` showed. */
  take(): void {
    this.#ahead.shift();
  }

  #sort(record: LogRecord): void {
    const { span, partition, end } = this.#options;
    if (this.#next >= end || record.offset >= end) {
      this.#next = end;
      return;
    }
    this.#next = record.offset + 1;
    const headers = this.#read(record);
    if (headers === undefined) return;
    if (headers.at >= span.to + CLOCKS_APART_MS) {
      this.#next = end;
      return;
    }
    const written = readOrigin(headers.origin);
    const origin = written && { offset: written.offset, part: written.part, at: headers.at };
    if (origin !== undefined && isSettled(origin, origin.at, this.#newest)) return;
    this.#newest = origin ?? this.#newest;
    if (headers.items === 0 || headers.at < span.from || headers.at >= span.to) return;
    this.#ahead.push({ partition, record, headers, ...(origin && { origin }) });
  }

  #read(record: LogRecord): EnrichedHeaders | undefined {
    try {
      return readEnrichedHeaders(record);
    } catch (thrown) {
      const { topic, partition, onUnreadable } = this.#options;
      const { message } = Fault.from(thrown);
      onUnreadable(new Fault("corrupt", `${topic}/${partition}: ${message}; it is not sent again`, { cause: thrown }));
      return undefined;
    }
  }
}

/** The oldest record of several partitions, by when its data was taken in, with its cursor; undefined when all are at their end. */
export async function oldest(
  cursors: readonly SpanCursor[],
): Promise<{ readonly cursor: SpanCursor; readonly found: SpanRecord } | undefined> {
  const shown = await Promise.all(cursors.map(async (cursor) => ({ cursor, found: await cursor.peek() })));
  let best: { readonly cursor: SpanCursor; readonly found: SpanRecord } | undefined;
  for (const { cursor, found } of shown)
    if (found !== undefined && (best === undefined || found.headers.at < best.found.headers.at))
      best = { cursor, found };
  return best;
}
