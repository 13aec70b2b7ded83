/** Whether the process can do its work, as named conditions that hold or do not hold for a reason. */
import type { Clock } from "@rondo/core";
import type { Registry } from "./registry.ts";

/** Conditions that one process may have; more is a bug of whoever makes their names. */
export const MAX_CONDITIONS = 1_000;

/** Why the process is not ready, one entry per condition that does not hold. */
export interface Unready {
  readonly condition: string;
  readonly reason: string;
}

/** The sum of all conditions: ready when every one of them holds. Without conditions it is ready. */
export class Readiness {
  readonly #clock: Clock;
  /** The reason why a condition does not hold, or null when it does. */
  readonly #conditions = new Map<string, string | null>();
  #upSince: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#upSince = clock.now();
  }

  /** Declares or updates a condition that does not hold, and says why in a few words without secrets. */
  lacks(condition: string, reason: string): void {
    this.#set(condition, reason);
    this.#upSince = undefined;
  }

  /** A condition holds from now on. */
  holds(condition: string): void {
    this.#set(condition, null);
    if (this.reasons().length === 0) this.#upSince ??= this.#clock.now();
  }

  /** Forgets a condition whose subject is gone, such as a partition of another owner. */
  forget(condition: string): void {
    this.#conditions.delete(condition);
    if (this.reasons().length === 0) this.#upSince ??= this.#clock.now();
  }

  #set(condition: string, reason: string | null): void {
    if (!this.#conditions.has(condition) && this.#conditions.size >= MAX_CONDITIONS) {
      throw new Error(`more than ${MAX_CONDITIONS} conditions of readiness`);
    }
    this.#conditions.set(condition, reason);
  }

  /** Epoch milliseconds since when everything holds; undefined while something does not. */
  get upSince(): number | undefined {
    return this.#upSince;
  }

  /** What does not hold, in the order in which it was declared; empty when ready. */
  reasons(): readonly Unready[] {
    return [...this.#conditions].flatMap(([condition, reason]) => (reason === null ? [] : [{ condition, reason }]));
  }

  /** Shows every condition as `rondo_ready`; the returned function ends that. */
  observe(registry: Registry): () => void {
    return registry.onScrape((emit) => {
      for (const [condition, reason] of this.#conditions) emit("rondo_ready", { condition }, reason === null ? 1 : 0);
    });
  }
}
