/** Commits soon but not with every acknowledgement: at most once a beat. */
import { type Clock, Fault } from "@rondo/core";

/** How long an acknowledgement may wait for its commit, milliseconds: what a crash hands over again is bounded by it. */
const BEAT_MS = 200;

/** The commits of one partition, one at a time. */
export class CommitBeat {
  readonly #clock: Clock;
  readonly #commit: () => Promise<void>;
  readonly #failed: (fault: Fault) => void;
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  /** `commit` writes what has settled by the time it is called; `failed` is told when it could not, and it is tried again. */
  constructor(clock: Clock, commit: () => Promise<void>, failed: (fault: Fault) => void) {
    this.#clock = clock;
    this.#commit = commit;
    this.#failed = failed;
  }

  /** Something has settled. */
  request(): void {
    if (this.#stopped || this.#cancel !== undefined) return;
    this.#cancel = this.#clock.after(BEAT_MS, () => {
      this.#cancel = undefined;
      this.#running = this.#running.then(this.#commit).catch((thrown: unknown) => {
        const fault = Fault.from(thrown);
        // A partition that was lost has nothing to commit; its next owner goes on from the commit before.
        if (fault.code === "aborted") return;
        this.#failed(fault);
        this.request();
      });
    });
  }

  /** Ends the beat with a last commit; what goes wrong with it is told, and is what the next owner gets again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
    await this.#commit().catch((thrown: unknown) => {
      const fault = Fault.from(thrown);
      if (fault.code !== "aborted") this.#failed(fault);
    });
  }
}
