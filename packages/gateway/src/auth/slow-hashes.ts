/** Passwords against hashes that are slow by design: bounded in number, beside the event loop, and never asked twice at once. */
import { Worker } from "node:worker_threads";
import { Fault, siblingModule } from "@rondo/core";
import type { HashAnswer, HashQuestion } from "./hash-thread.ts";

/** Passwords that wait for their check: what comes beyond is told to come later. One takes from 1 ms to a second. */
export const MAX_WAITING = 32;

/** The heap of the thread; a check needs a few KiB. */
const THREAD_MIB = 32;

/** Checks slow hashes. */
export interface SlowHashes {
  /** Whether the password is the one of the hash. Rejects with a `throttled` Fault when too many wait, `unavailable` when the thread ended. */
  matches(hash: string, password: string): Promise<boolean>;
  /** Ends the thread; what waits is rejected. */
  close(): void;
}

interface Waiting {
  readonly resolve: (matches: boolean) => void;
  readonly reject: (fault: Fault) => void;
}

/** A thread, and what it was asked. */
interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Makes the checker; its thread begins with the first hash. */
export function slowHashes(): SlowHashes {
  let asked = 0;
  let thread: Thread | undefined;

  const begin = (): Thread => {
    // Of this thread alone: its end is heard of when another may have begun.
    const waiting = new Map<number, Waiting>();
    const worker = new Worker(siblingModule("hash-thread", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: THREAD_MIB },
    });
    const ended = (reason: string) => {
      if (thread?.worker === worker) thread = undefined;
      for (const { reject } of waiting.values())
        reject(new Fault("unavailable", `passwords cannot be checked: ${reason}`));
      waiting.clear();
    };
    worker.on("message", ({ id, matches }: HashAnswer) => {
      waiting.get(id)?.resolve(matches);
      waiting.delete(id);
    });
    worker.on("error", (thrown) => ended(thrown instanceof Error ? thrown.message : String(thrown)));
    worker.on("exit", () => ended("their thread has ended"));
    // A process that has nothing else to do may end.
    worker.unref();
    return { worker, waiting };
  };

  return {
    matches(hash, password) {
      thread ??= begin();
      const { worker, waiting } = thread;
      if (waiting.size >= MAX_WAITING) {
        return Promise.reject(new Fault("throttled", `${MAX_WAITING} passwords wait to be checked`));
      }
      const id = asked++;
      worker.postMessage({ id, hash, password } satisfies HashQuestion);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    close() {
      void thread?.worker.terminate();
      thread = undefined;
    },
  };
}
