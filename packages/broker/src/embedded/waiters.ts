/** Who waits for a stream to grow: woken by the append, never by a timer. */

/** Waiting and waking, by stream. */
export class Waiters {
  readonly #waiting = new Map<number, Set<() => void>>();

  /** Resolves at the next `wake` of the stream or when `until` fires, and then leaves nothing behind. */
  wait(stream: number, until: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (until.aborted) return resolve();
      const waiting = this.#waiting.get(stream) ?? new Set();
      this.#waiting.set(stream, waiting);
      const wake = () => {
        waiting.delete(wake);
        until.removeEventListener("abort", wake);
        resolve();
      };
      waiting.add(wake);
      until.addEventListener("abort", wake, { once: true });
    });
  }

  /** Wakes everyone who waits for the stream now. */
  wake(stream: number): void {
    for (const wake of [...(this.#waiting.get(stream) ?? [])]) wake();
  }
}
