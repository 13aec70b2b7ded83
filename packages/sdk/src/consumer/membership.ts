/** Membership of a group that lasts until it is ended: what fails is told, and joined again. */
import type { Member } from "@rondo/broker";
import { type Clock, Fault, sleep } from "@rondo/core";

/** How long a member that failed stays away, milliseconds. */
const REJOIN_MS = 2_000;

/** What a membership is made with. */
export interface MembershipOptions {
  readonly clock: Clock;
  /** Joins once; `failed` is called when that membership has ended by itself. */
  readonly join: (failed: (fault: Error) => void) => Promise<Member>;
  readonly onFault: (fault: Fault) => void;
}

/** A member that comes back. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #stop = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  readonly #running: Promise<void>;

  constructor(options: MembershipOptions) {
    this.#options = options;
    // For a caller who does not ask.
    this.#first.promise.catch(() => undefined);
    this.#running = this.#run();
  }

  /** Resolves with the first join; rejects with an `aborted` Fault when it was ended before. */
  get joined(): Promise<void> {
    return this.#first.promise;
  }

  async #run(): Promise<void> {
    const { clock, join, onFault } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const ended = Promise.withResolvers<void>();
      const failed = (thrown: unknown) => {
        onFault(Fault.from(thrown));
        ended.resolve();
      };
      const end = () => ended.resolve();
      signal.addEventListener("abort", end, { once: true });
      try {
        const member = await join(failed);
        this.#first.resolve();
        await ended.promise;
        await member.leave();
      } catch (thrown) {
        failed(thrown);
      }
      signal.removeEventListener("abort", end);
      await sleep(clock, REJOIN_MS, signal);
    }
    this.#first.reject(new Fault("aborted", "the consumer was closed before it had joined its group"));
  }

  /** Leaves for good. */
  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
