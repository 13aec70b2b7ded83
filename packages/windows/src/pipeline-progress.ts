/**
 * How far the pipeline is that windows are written after. An enriched topic that has been read to its end says nothing of what
 * its pipeline has still to process: until that is there too, what is missing in the windows may only be late.
 */
import { type Broker, type LogRecord, readOrigin, tryEnrichedHeaders } from "@rondo/broker";

/** Where the pipeline reads, and as which group. */
export interface PipelineSource {
  readonly topic: string;
  readonly group: string;
}

/** What is asked of the log. */
export type PipelineLog = Pick<Broker, "watermarks" | "position" | "read">;

/** A pipeline's progress on one partition. */
export class PipelineProgress {
  readonly #log: PipelineLog;
  readonly #source: PipelineSource | undefined;
  readonly #enriched: string;
  readonly #partition: number;
  /** One past the raw record of the newest origin that was seen, and that record's time. */
  #done = 0;
  #at = Number.NEGATIVE_INFINITY;
  #looked = false;

  /** `enriched` is the topic that the windows are written from; without a `source` it is all there is. */
  constructor(log: PipelineLog, source: PipelineSource | undefined, enriched: string, partition: number) {
    this.#log = log;
    this.#source = source;
    this.#enriched = enriched;
    this.#partition = partition;
  }

  /** Takes note of an enriched record; returns the ingest time up to which everything before it was in the log, milliseconds. */
  saw(record: LogRecord): number {
    if (this.#source === undefined) return record.timestamp;
    const headers = tryEnrichedHeaders(record);
    // What cannot be read says nothing of the pipeline: what is known before it stays.
    const { origin: written, at } = headers ?? { origin: "", at: 0 };
    const origin = readOrigin(written);
    // Of a part that is not the last one, and of what Rondo itself made, nothing follows for the records behind it.
    if (origin !== undefined && origin.part + 1 === origin.parts && at >= this.#at) {
      this.#done = origin.offset + 1;
      this.#at = at;
    }
    return at;
  }

  /** Whether everything that stands in the raw partition has gone through the pipeline. Throws Faults of the log. */
  async isCaughtUp(): Promise<boolean> {
    if (this.#source === undefined) return true;
    const { topic, group } = this.#source;
    const { low, high } = await this.#log.watermarks(topic, this.#partition);
    if (low === high || this.#done >= high) return true;
    // Whoever took the partition over has not seen the newest record yet.
    if (!this.#looked) await this.#look();
    if (this.#done >= high) return true;
    // What lies before a group's beginning it never processes, and a commit may be ahead of what retention has left.
    const position = (await this.#log.position(group)).find(({ partition }) => partition === this.#partition);
    return Math.max(position?.registered ?? 0, position?.committed ?? 0) >= high;
  }

  async #look(): Promise<void> {
    const { low, high } = await this.#log.watermarks(this.#enriched, this.#partition);
    if (low < high) {
      const [last] = await this.#log.read(this.#enriched, this.#partition, high - 1, 1);
      if (last !== undefined) this.saw(last);
    }
    this.#looked = true;
  }
}
