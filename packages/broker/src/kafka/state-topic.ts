/**
 * `rondo.state` on Kafka: a compacted topic of one partition, held in memory by every process. Whoever asks is answered from
 * everything that was acknowledged before the question, by whichever process: a look at the topic's end is part of each question.
 */
import { Fault, type Random } from "@rondo/core";
import { recordBytes } from "../record-bytes.ts";
import type { StateStore, StateWrite } from "../state.ts";
import type { Appender } from "./appender.ts";
import { type Cluster, OUT_OF_RANGE } from "./cluster.ts";
import { batchBytes, type OutRecord } from "./record-batch.ts";
import { StateView, tryRecord } from "./state-view.ts";

const KEY_BYTES = 512;
/** Read at once, bytes. */
const READ_BYTES = 4 << 20;

/** What a state topic works on. */
export interface StateTopicOptions {
  readonly topic: string;
  readonly cluster: Cluster;
  readonly appender: Appender;
  readonly random: Random;
  /** Values of one put that go into one batch, bytes; a put that is larger takes several. */
  readonly maxBatchBytes: number;
}

/** The topic, with stores that share it under prefixes of their own. */
export class StateTopic {
  readonly #options: StateTopicOptions;
  readonly #view = new StateView();
  #position = 0;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: StateTopicOptions) {
    this.#options = options;
  }

  /** Takes in everything that was acknowledged before the call. Throws `unavailable`, `not_found`. */
  async catchUp(): Promise<void> {
    // A reading under way may have looked at the end before this call: the one after it counts, for everyone who waits.
    if (this.#reading === undefined) return await this.#read();
    this.#next ??= this.#reading.then(
      () => this.#read(),
      () => this.#read(),
    );
    await this.#next;
  }

  async #read(): Promise<void> {
    this.#next = undefined;
    const reading = this.#toEnd();
    this.#reading = reading;
    try {
      await reading;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }

  async #toEnd(): Promise<void> {
    const { cluster, topic } = this.#options;
    for (;;) {
      const offset = this.#position;
      const answer = await cluster.fetchNow({ topic, partition: 0, offset, maxBytes: READ_BYTES });
      if (answer.error === OUT_OF_RANGE) {
        await this.#restart();
        continue;
      }
      for (const record of answer.records) {
        // A fact that is passed over would be another fact.
        if (record.fault !== undefined) throw record.fault;
        this.#view.apply(record);
      }
      this.#position = answer.next;
      if (answer.next >= answer.high) return;
    }
  }

  /** Kafka removes nothing by age here, so a position outside the topic means that it was made anew. */
  async #restart(): Promise<void> {
    const { cluster, topic } = this.#options;
    const { low } = await cluster.watermarks(topic, 0);
    if (low === this.#position) throw new Fault("unavailable", `${topic} cannot be read from offset ${low}`);
    this.#view.clear();
    this.#position = low;
  }

  /** Writes in order; `check` runs before each batch goes out, and throws to withdraw. Durable when it resolves. */
  async put(prefix: string, writes: readonly StateWrite[], check: () => void): Promise<void> {
    const records = writes.flatMap(({ key, value }) => {
      checkKey(key);
      return this.#view.records({ key: prefix + key, value: value === null ? null : Buffer.from(value) });
    });
    const { topic, appender, maxBatchBytes } = this.#options;
    await Promise.all(inBatches(records, maxBatchBytes).map((batch) => appender.append(topic, 0, batch, check)));
  }

  /** Writes the value of a key that has none, and returns the one that stands. */
  async putFirst(key: string, value: Uint8Array, check: () => void): Promise<Uint8Array> {
    const { topic, appender, random } = this.#options;
    await this.catchUp();
    const before = this.#view.get(key);
    if (before !== undefined) return before;
    const unique = random().toString(36).slice(2) + random().toString(36).slice(2);
    const own = Buffer.from(value);
    await appender.append(topic, 0, [tryRecord(key, unique, own)], check);
    await this.catchUp();
    const stands = this.#view.get(key) ?? own;
    // A lost try is taken back for tidiness only: while the first stands it says nothing.
    if (Buffer.compare(stands, own) !== 0) {
      await appender.append(topic, 0, [tryRecord(key, unique, null)], check).catch(() => undefined);
    }
    return stands;
  }

  /** The store of the keys under `prefix`. */
  store(prefix: string, check: () => void): StateStore {
    const copy = (value: Uint8Array) => Buffer.from(value);
    return {
      get: async (key) => {
        await this.catchUp();
        const value = this.#view.get(prefix + key);
        return value === undefined ? undefined : copy(value);
      },
      list: async (wanted) => {
        await this.catchUp();
        return this.#view.list(prefix + wanted).map(([key, value]) => [key.slice(prefix.length), copy(value)] as const);
      },
      put: (writes) => this.put(prefix, writes, check),
      putFirst: async (key, value) => {
        checkKey(key);
        return copy(await this.putFirst(prefix + key, value, check));
      },
    };
  }
}

function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > 0 && bytes <= KEY_BYTES) return;
  throw new Fault("bug", `a state key of ${bytes} B; 1 to ${KEY_BYTES} are allowed`);
}

/** Cuts records into batches of up to `maxBytes`, each of one record at least. */
function inBatches(records: readonly OutRecord[], maxBytes: number): readonly (readonly OutRecord[])[] {
  const batches: OutRecord[][] = [];
  let bytes = maxBytes;
  for (const record of records) {
    bytes += recordBytes(record);
    if (bytes > maxBytes || batches.length === 0) {
      batches.push([]);
      bytes = batchBytes([record]);
    }
    batches.at(-1)?.push(record);
  }
  return batches;
}
