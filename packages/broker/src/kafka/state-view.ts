/**
 * What a compacted state topic says, as a function of its records. Three kinds of records, by the first letter of their key:
 *
 * p<key>            the value of a key, or its end
 * f<key>\0<unique>  a try to be the first writer of a key. Each has a key of its own, so that compaction, which keeps the last
 *                   record of a key, never removes the first try; of the tries that stand, the lowest offset is the value
 */
import type { StateWrite } from "../state.ts";
import type { InRecord, OutRecord } from "./record-batch.ts";

interface Fact {
  /** From a `p` record; it stands over every try. */
  put?: Uint8Array | undefined;
  /** Tries that stand, by record key, in the order of their offsets. */
  readonly tries: Map<string, Uint8Array>;
}

const PUT = "p";
const TRY = "f";
const END = "\0";

/** The newest values by key. */
export class StateView {
  readonly #facts = new Map<string, Fact>();

  /** Takes in one record of the topic; in the order of offsets. Records of other kinds are passed over. */
  apply({ key: written, value: found }: InRecord): void {
    const key = Buffer.from(written ?? []).toString();
    // A copy: the record is a view of its whole answer, and is kept for as long as its key.
    const value = found === null ? null : Buffer.from(found);
    if (key[0] === PUT) this.#put(key.slice(1), value);
    else if (key[0] === TRY) this.#try(key, value);
  }

  #put(key: string, value: Uint8Array | null): void {
    const fact: Fact = this.#facts.get(key) ?? { tries: new Map() };
    fact.put = value ?? undefined;
    this.#keep(key, fact);
  }

  #try(key: string, value: Uint8Array | null): void {
    const of = key.slice(1, key.lastIndexOf(END));
    const fact = this.#facts.get(of) ?? { tries: new Map() };
    if (value === null) fact.tries.delete(key);
    else fact.tries.set(key, value);
    this.#keep(of, fact);
  }

  #keep(key: string, fact: Fact): void {
    if (fact.put === undefined && fact.tries.size === 0) this.#facts.delete(key);
    else this.#facts.set(key, fact);
  }

  /** The value that stands; undefined when there is none. */
  get(key: string): Uint8Array | undefined {
    const fact = this.#facts.get(key);
    if (fact?.put !== undefined) return fact.put;
    for (const first of fact?.tries.values() ?? []) return first;
    return undefined;
  }

  /** Every key that begins with `prefix`, in byte order, with its value. */
  list(prefix: string): readonly (readonly [key: string, value: Uint8Array])[] {
    const found: [Buffer, string, Uint8Array][] = [];
    for (const key of this.#facts.keys()) {
      const value = key.startsWith(prefix) ? this.get(key) : undefined;
      if (value !== undefined) found.push([Buffer.from(key), key, value]);
    }
    return found.sort(([a], [b]) => Buffer.compare(a, b)).map(([, key, value]) => [key, value] as const);
  }

  /** Forgets everything: the topic was made anew. */
  clear(): void {
    this.#facts.clear();
  }

  /** The records that make a write. To forget a key, its tries must go as well, or the first of them would stand again. */
  records({ key, value }: StateWrite): readonly OutRecord[] {
    const put = record(PUT + key, value);
    if (value !== null) return [put];
    return [put, ...[...(this.#facts.get(key)?.tries.keys() ?? [])].map((one) => record(one, null))];
  }
}

/** The record of a try to be the first; `unique` belongs to this try alone. A null value takes the try back. */
export function tryRecord(key: string, unique: string, value: Uint8Array | null): OutRecord {
  return record(TRY + key + END + unique, value);
}

function record(key: string, value: Uint8Array | null): OutRecord {
  return { key: Buffer.from(key), headers: {}, value };
}
