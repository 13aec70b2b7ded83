/**
 * `rondo.state`: the small durable facts of every role – registrations, totals, checkpoints, claims – by key.
 * Embedded it is LMDB; on Kafka a compacted topic that is read to its end before first use. One contract suite holds both.
 */

/** A fact to be written, or with a null value forgotten. */
export interface StateWrite {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** Keys are UTF-8 text of up to 512 bytes, parts joined with `/`; values are opaque. */
export interface StateStore {
  /** The newest value of a key; undefined when there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Every key that begins with `prefix`, in byte order, with its value. */
  list(prefix: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]>;
  /** Writes in order. Durable when it resolves. */
  put(writes: readonly StateWrite[]): Promise<void>;
  /** Writes `value` if the key has never had one, and returns the value that stands: the first writer wins, over all processes. */
  putFirst(key: string, value: Uint8Array): Promise<Uint8Array>;
}
