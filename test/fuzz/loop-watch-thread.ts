/** The thread of the loop watch: it alone still runs when the main thread's loop does not. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { LoopWatchData } from "./loop-watch.ts";

const { counts, stillMs, text } = workerData as LoopWatchData; // Started by watchLoop alone, which gives exactly this.

const LOOK_MS = 1_000;

/** CPU time of the process, milliseconds: one that is starved by others stands still and uses none. */
const used = () => (process.cpuUsage().user + process.cpuUsage().system) / 1_000;

let last = Atomics.load(counts, 0);
let since = used();
setInterval(() => {
  const now = Atomics.load(counts, 0);
  if (now !== last) {
    last = now;
    since = used();
  } else if (used() - since > stillMs) {
    writeSync(2, `the event loop stood still for ${stillMs / 1_000} s of CPU: ${text} ${Atomics.load(counts, 1)}\n`);
    process.kill(process.pid, "SIGKILL");
  }
}, LOOK_MS);
