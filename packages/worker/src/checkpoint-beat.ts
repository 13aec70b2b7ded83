/** Takes a partition's checkpoints when they are due, and only where what the components know stands in the enriched partition. */
import type { Clock } from "@rondo/core";
import type { PartitionAccount } from "./account.ts";
import type { KeptState } from "./kept-state.ts";

/** The checkpoints of one claim. */
export class CheckpointBeat {
  readonly #clock: Clock;
  readonly #kept: KeptState;
  readonly #account: Pick<PartitionAccount, "low">;
  readonly #taken: () => void;
  #cancel: (() => void) | undefined;

  /** `taken` asks for the commit that stores what was taken. */
  constructor(clock: Clock, kept: KeptState, account: Pick<PartitionAccount, "low">, taken: () => void) {
    this.#clock = clock;
    this.#kept = kept;
    this.#account = account;
    this.#taken = taken;
  }

  /** Records have settled: takes a checkpoint if it is due, and else sees to it that it is taken when no more records come. */
  settled(): void {
    const wait = this.#kept.dueInMs;
    if (wait === undefined) return;
    if (wait === 0 && this.#take()) return;
    this.#cancel ??= this.#clock.after(
      wait,
      () => {
        this.#cancel = undefined;
        // What is between its processors and the log now will be settled, and asks then.
        if (this.#kept.dueInMs === 0) this.#take();
        else this.settled();
      },
      { background: true },
    );
  }

  /** Takes a last one, so that whoever comes next has nothing to run again. */
  last(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#take();
  }

  /** Whether one was taken: not while a batch is between its processors and the log. */
  #take(): boolean {
    if (this.#kept.next !== this.#account.low) return false;
    this.#kept.take();
    this.#taken();
    return true;
  }
}
