/** A small map that forgets what was not asked for longest. */

/** Holds up to `limit` entries. `forgotten` is called for each that leaves. A promise that rejects leaves by itself. */
export class Lru<T> {
  readonly #limit: number;
  readonly #forgotten: (value: T) => void;
  /** A Map keeps the order of insertion; what is used is inserted again. */
  readonly #entries = new Map<string, T>();

  constructor(limit: number, forgotten: (value: T) => void = () => undefined) {
    this.#limit = limit;
    this.#forgotten = forgotten;
  }

  /** The value of `key`, made when there is none. */
  get(key: string, make: () => T): T {
    const held = this.peek(key);
    if (held !== undefined) return held;
    const made = make();
    this.set(key, made);
    if (made instanceof Promise) {
      made.catch(() => {
        if (this.#entries.get(key) === made) this.#entries.delete(key);
      });
    }
    return made;
  }

  /** The value of `key`, which now counts as used; undefined when there is none. */
  peek(key: string): T | undefined {
    const held = this.#entries.get(key);
    if (held === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, held);
    return held;
  }

  /** Puts a value; over the limit the one that was not used longest leaves. */
  set(key: string, value: T): void {
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.delete(oldest);
  }

  /** Lets an entry go; fine when there is none. */
  delete(key: string): void {
    const held = this.#entries.get(key);
    if (held === undefined) return;
    this.#entries.delete(key);
    this.#forgotten(held);
  }

  /** Lets every entry go. */
  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }
}
