/** Ends this process when its event loop stands still: a request that is never done with would otherwise be a run without an end. */
import { Worker } from "node:worker_threads";

/** Nothing that a request may cause takes so long. */
const STILL_MS = 20_000;
const BEAT_MS = 200;

/** What the thread is given. */
export interface LoopWatchData {
  /** First the beats, which count as long as the loop turns, then the number of what was begun last. */
  readonly counts: Int32Array;
  readonly stillMs: number;
  /** Said before the end, with that number behind it. */
  readonly text: string;
}

/** A loop that is watched. */
export interface LoopWatch {
  /** Notes the number of what begins now. */
  begins(index: number): void;
  end(): void;
}

/** Watches the loop. Before the process is killed, `text` and the number of what was begun last are written to stderr. */
export function watchLoop(text: string, stillMs = STILL_MS): LoopWatch {
  const counts = new Int32Array(new SharedArrayBuffer(8));
  const given: LoopWatchData = { counts, stillMs, text };
  const thread = new Worker(new URL("./loop-watch-thread.ts", import.meta.url), { workerData: given });
  thread.unref();
  const beat = setInterval(() => Atomics.add(counts, 0, 1), BEAT_MS);
  beat.unref();
  return {
    begins: (index) => void Atomics.store(counts, 1, index),
    end() {
      clearInterval(beat);
      void thread.terminate();
    },
  };
}
