/** How much memory this process holds, and how much it may: the two figures that memory limits compare. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/**
 * Bytes of anonymous resident memory (heaps, buffers, stacks), which unlike the whole resident set does not grow with mapped
 * or cached files. From `RssAnon` of Linux's proc(5); elsewhere the whole resident set.
 */
export function anonymousBytes(readStatus: () => string = () => readFileSync("/proc/self/status", "latin1")): number {
  try {
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readStatus())?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // No proc file system: a system other than Linux.
  }
  return process.memoryUsage.rss();
}

/**
 * Bytes of memory that the process may use: the limit of its control group when there is one, else the machine's memory.
 * `constrained` is 0 or a huge number where no limit is set.
 */
export function totalMemoryBytes(constrained = process.constrainedMemory(), machine = totalmem()): number {
  return constrained > 0 && constrained < machine ? constrained : machine;
}
