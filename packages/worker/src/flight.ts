/** What a reader has in hand, and the wait for it to become less: the bound of its memory. */

/** What a record that is in hand costs besides its value, bytes: its headers, its entry in the account, its promises. */
const RECORD_BYTES = 1024;

/** Counts the deliveries under way and their bytes. One caller waits at a time. */
export class Flight {
  readonly #held: () => number;
  #bytes = 0;
  #open = 0;
  #waiting: (() => void) | undefined;

  /** `held` says how many records are in memory, those included that wait, settled, for an older one. */
  constructor(held: () => number) {
    this.#held = held;
  }

  /** A delivery of `bytes` begins. */
  add(bytes: number): void {
    this.#bytes += bytes;
    this.#open++;
  }

  /** A delivery of `bytes` has ended, and `held` has fallen by then if it does. */
  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#open--;
    this.#waiting?.();
  }

  /** Whether less than `limit` bytes are in hand. */
  isBelow(limit: number): boolean {
    return this.#bytes + this.#held() * RECORD_BYTES < limit;
  }

  /** Resolves when less than `limit` bytes are in hand, or when `abort` fires. */
  async below(limit: number, abort: AbortSignal): Promise<void> {
    await this.#until(() => abort.aborted || this.isBelow(limit), abort);
  }

  /** Resolves when no delivery is under way. */
  async over(): Promise<void> {
    await this.#until(() => this.#open === 0);
  }

  async #until(isSo: () => boolean, abort?: AbortSignal): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isSo()) return;
        abort?.removeEventListener("abort", look);
        this.#waiting = undefined;
        resolve();
      };
      this.#waiting = look;
      abort?.addEventListener("abort", look);
    });
  }
}
