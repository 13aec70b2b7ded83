/** Commits of one group member: one request under way, everything that is asked for meanwhile in the next; never backwards. */
import { Fault } from "@rondo/core";

interface Waiting {
  readonly partition: number;
  readonly offset: number;
  readonly check: () => void;
  readonly resolve: () => void;
  readonly reject: (fault: Fault) => void;
}

/** Sends offsets by partition to the coordinator; resolves when it has them. */
export type SendOffsets = (offsets: ReadonlyMap<number, number>) => Promise<void>;

/** The commits of one member. */
export class OffsetCommitter {
  readonly #send: SendOffsets;
  readonly #committed = new Map<number, number>();
  #waiting: Waiting[] = [];
  #running = false;

  constructor(send: SendOffsets) {
    this.#send = send;
  }

  /** A claim on the partition begins at this commit; undefined when there is none. */
  begin(partition: number, committed: number | undefined): void {
    if (committed === undefined) this.#committed.delete(partition);
    else this.#committed.set(partition, committed);
  }

  /** Commits an offset, or nothing when a later one stands. `check` runs before it is sent and throws to withdraw it. */
  commit(partition: number, offset: number, check: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ partition, offset, check, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // What is asked for in one turn goes out together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0).filter(isAllowed);
      const offsets = new Map<number, number>();
      for (const { partition, offset } of batch) {
        const highest = Math.max(offsets.get(partition) ?? -1, this.#committed.get(partition) ?? -1);
        if (offset > highest) offsets.set(partition, offset);
      }
      try {
        if (offsets.size > 0) await this.#send(offsets);
        for (const [partition, offset] of offsets) this.#committed.set(partition, offset);
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        for (const { reject } of batch) reject(Fault.from(thrown));
      }
    }
    this.#running = false;
  }
}

function isAllowed({ check, reject }: Waiting): boolean {
  try {
    check();
    return true;
  } catch (thrown) {
    reject(Fault.from(thrown));
    return false;
  }
}
