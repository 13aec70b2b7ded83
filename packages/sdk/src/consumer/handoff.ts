/** Values that pass from those who bring them to one who takes them, hand to hand: nothing is stored in between. */
import { Fault } from "@rondo/core";

interface Brought<T> {
  readonly value: T;
  readonly taken: () => void;
}

/** Any number give, any number take. */
export class Handoff<T> {
  readonly #brought: Brought<T>[] = [];
  #wake: PromiseWithResolvers<void> | undefined;
  #ended = false;

  /** Resolves when the value was taken. Rejects with an `aborted` Fault when `withdrawn` fires before: then nobody will get it. */
  give(value: T, withdrawn: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new Fault("aborted", "nobody took it in time"));
      if (withdrawn.aborted) return refuse();
      const entry: Brought<T> = {
        value,
        taken: () => {
          withdrawn.removeEventListener("abort", withdraw);
          resolve();
        },
      };
      const withdraw = () => {
        const at = this.#brought.indexOf(entry);
        if (at >= 0) this.#brought.splice(at, 1);
        refuse();
      };
      withdrawn.addEventListener("abort", withdraw, { once: true });
      this.#brought.push(entry);
      this.#rouse();
    });
  }

  /** Every value in the order in which they were brought, until the end. */
  async *take(): AsyncGenerator<T, void, undefined> {
    while (!this.#ended) {
      const next = this.#brought.shift();
      if (next === undefined) {
        this.#wake ??= Promise.withResolvers();
        await this.#wake.promise;
        continue;
      }
      next.taken();
      yield next.value;
    }
  }

  /** Nobody gets anything any more. */
  end(): void {
    this.#ended = true;
    this.#rouse();
  }

  #rouse(): void {
    this.#wake?.resolve();
    this.#wake = undefined;
  }
}
