/** The thread of the loop watch: it alone still runs when the main thread's loop does not. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { LoopWatchData } from "./loop-watch.ts";

const { counts, stillMs, text } = workerData as LoopWatchData; // Started by watchLoop alone, which gives exactly this.

let last = Atomics.load(counts, 0);
setInterval(() => {
  const now = Atomics.load(counts, 0);
  if (now === last) {
    writeSync(2, `the event loop stood still for ${stillMs / 1_000} s: ${text} ${Atomics.load(counts, 1)}\n`);
    process.kill(process.pid, "SIGKILL");
  }
  last = now;
}, stillMs);
