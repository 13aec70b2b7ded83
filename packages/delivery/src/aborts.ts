/** Listens for aborts once per signal, however many wait for it: a signal walks all its listeners to take one more. */

/** Who waits for which signal. Keeps nothing of a signal for which nobody waits any more. */
export class Aborts {
  readonly #waiting = new Map<AbortSignal, { readonly runs: Set<() => void>; readonly listener: () => void }>();

  /** Calls `run` once when `abort` fires, in the order of these calls. The returned function ends the wait. */
  on(abort: AbortSignal, run: () => void): () => void {
    const { runs } = this.#waiting.get(abort) ?? this.#listen(abort);
    runs.add(run);
    return () => {
      if (runs.delete(run) && runs.size === 0) this.#forget(abort);
    };
  }

  #listen(abort: AbortSignal) {
    const runs = new Set<() => void>();
    const listener = () => {
      this.#waiting.delete(abort);
      for (const run of [...runs]) if (runs.delete(run)) run();
    };
    const made = { runs, listener };
    this.#waiting.set(abort, made);
    abort.addEventListener("abort", listener, { once: true });
    return made;
  }

  #forget(abort: AbortSignal): void {
    const found = this.#waiting.get(abort);
    if (found === undefined) return;
    this.#waiting.delete(abort);
    abort.removeEventListener("abort", found.listener);
  }
}
