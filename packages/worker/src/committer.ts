/**
 * Commits what has settled, soon but not often: at most once an interval, and all partitions of a process at the same
 * beat, so that the embedded broker writes one transaction for all of them.
 */
import { type Clock, Fault, type Log } from "@rondo/core";
import { Recurring } from "@rondo/delivery";

/** How long something settled may wait for its commit, milliseconds. */
const COMMIT_INTERVAL_MS = 100;

/** Runs one claim's commits, one at a time. */
export class Committer {
  readonly #clock: Clock;
  readonly #commit: () => Promise<void>;
  readonly #trouble: Recurring;
  #stopped = false;
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  /** `commit` writes what has settled by the time it is called. */
  constructor(clock: Clock, commit: () => Promise<void>, log: Log) {
    this.#clock = clock;
    this.#commit = commit;
    this.#trouble = new Recurring(log, clock);
  }

  /** Something has settled: commit at the next beat. */
  request(): void {
    if (this.#stopped || this.#cancel !== undefined) return;
    const wait = COMMIT_INTERVAL_MS - (this.#clock.monotonic() % COMMIT_INTERVAL_MS);
    this.#cancel = this.#clock.after(wait, () => {
      this.#cancel = undefined;
      this.now().then(
        () => this.#trouble.over("commits succeed again"),
        (thrown: unknown) => this.#failed(Fault.from(thrown)),
      );
    });
  }

  /** Commits at once, after a commit that is under way. Rejects with the broker's Fault. */
  now(): Promise<void> {
    const next = this.#running.then(this.#commit);
    this.#running = next.catch(() => undefined);
    return next;
  }

  /** Cancels what was requested, ends the beat, and waits for a commit under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#running;
  }

  #failed(fault: Fault): void {
    // A claim that was lost has nothing left to commit; its successor goes on from the commit before.
    if (fault.code === "aborted") return;
    this.#trouble.happened("a commit failed and will be tried again; until then a crash would repeat more", { fault });
    this.request();
  }
}
