/** Where the batches of each stream stand in one journal file. Dense, because a file holds at most `MAX_BATCHES`. */

/** A file is sealed when it holds this many batches, so that its index stays below 3 MiB. */
export const MAX_BATCHES = 65_536;

/** Where one batch stands: its frame at `position`, with a body of `length` bytes. */
export interface BatchEntry {
  readonly base: number;
  readonly count: number;
  readonly position: number;
  readonly length: number;
  readonly timestamp: number;
}

const FIELDS = 5;

/** The index of one file. Batches of a stream are added in the order of their offsets, which may leave gaps. */
export class BatchIndex {
  readonly #streams = new Map<number, number[]>();
  #batches = 0;

  /** Batches in the file. */
  get batches(): number {
    return this.#batches;
  }

  /** Adds the newest batch of a stream. */
  add(stream: number, { base, count, position, length, timestamp }: BatchEntry): void {
    const entries = this.#streams.get(stream) ?? [];
    this.#streams.set(stream, entries);
    entries.push(base, count, position, length, timestamp);
    this.#batches++;
  }

  /** The first batch of `stream` that holds `offset` or something above it, as its place for `at`; -1 when there is none. */
  find(stream: number, offset: number): number {
    return this.#first(stream, (entry) => entry.base + entry.count > offset);
  }

  /** The first batch of `stream` written at `timestamp` or later; timestamps never go backwards within a stream. */
  findTime(stream: number, timestamp: number): BatchEntry | undefined {
    return this.at(
      stream,
      this.#first(stream, (entry) => entry.timestamp >= timestamp),
    );
  }

  /** The batch at a place; undefined past the end. */
  at(stream: number, place: number): BatchEntry | undefined {
    const entries = this.#streams.get(stream);
    if (entries === undefined || place < 0 || place * FIELDS >= entries.length) return undefined;
    const [base = 0, count = 0, position = 0, length = 0, timestamp = 0] = entries.slice(
      place * FIELDS,
      (place + 1) * FIELDS,
    );
    return { base, count, position, length, timestamp };
  }

  /** Where each stream stands behind its last batch: [stream, next offset, timestamp]. */
  ends(): readonly (readonly [stream: number, next: number, timestamp: number])[] {
    return [...this.#streams].map(([stream, entries]) => {
      const last = this.at(stream, entries.length / FIELDS - 1);
      return [stream, (last?.base ?? 0) + (last?.count ?? 0), last?.timestamp ?? 0] as const;
    });
  }

  /** All entries as bytes: per stream its number, how many, and their fields, every one a float64. */
  encode(): Buffer {
    const numbers = [...this.#streams].flatMap(([stream, entries]) => [stream, entries.length / FIELDS, ...entries]);
    return Buffer.from(new Float64Array(numbers).buffer);
  }

  /** Reads what `encode` wrote, whose CRC was checked. */
  static decode(bytes: Uint8Array): BatchIndex {
    const numbers = new Float64Array(new Uint8Array(bytes).buffer);
    const index = new BatchIndex();
    for (let at = 0; at < numbers.length; ) {
      const stream = numbers[at] ?? 0;
      const length = (numbers[at + 1] ?? 0) * FIELDS;
      index.#streams.set(stream, Array.from(numbers.subarray(at + 2, at + 2 + length)));
      index.#batches += length / FIELDS;
      at += 2 + length;
    }
    return index;
  }

  #first(stream: number, fits: (entry: BatchEntry) => boolean): number {
    let low = 0;
    let high = (this.#streams.get(stream)?.length ?? 0) / FIELDS;
    const size = high;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.at(stream, middle);
      if (entry !== undefined && fits(entry)) high = middle;
      else low = middle + 1;
    }
    return low < size ? low : -1;
  }
}
