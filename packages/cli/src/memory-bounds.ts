/** How much memory requests and records may hold in this process, from the configuration's memory limiters. Rules of the log 10. */
import type { Graph } from "@rondo/config";
import { creditsFrom } from "@rondo/gateway";
import { anonymousBytes, totalMemoryBytes } from "@rondo/monitor";
import { limitsOf, memoryLimiter } from "@rondo/processors";

/** What requests in flight may hold when no memory_limiter says otherwise, bytes. */
const DEFAULT_CREDITS = 256 << 20;

/** What all readers together may hold of records when no memory_limiter says otherwise, bytes. */
const DEFAULT_READ_AHEAD = 64 << 20;

/** Bounds of one process, bytes. */
export interface MemoryBounds {
  readonly credits: number;
  readonly readAhead: number;
  /** What the process may hold in all; undefined when no memory_limiter says. */
  readonly limit?: number;
}

/** Admission credits and read-ahead: the lowest memory_limiter counts, since all of them watch the same process. */
export function memoryBounds(graph: Graph): MemoryBounds {
  const limits = graph.pipelines
    .flatMap(({ processors }) => processors)
    .filter(({ type }) => type === memoryLimiter)
    .map(({ values }) => limitsOf(values, totalMemoryBytes()))
    .sort((a, b) => a.hardBytes - b.hardBytes);
  const [lowest] = limits;
  if (lowest === undefined) return { credits: DEFAULT_CREDITS, readAhead: DEFAULT_READ_AHEAD };
  const credits = creditsFrom(lowest.hardBytes, lowest.hardBytes - lowest.softBytes, anonymousBytes());
  // Records in the readers' hands come out of the same memory as requests in flight.
  return { credits, readAhead: Math.min(DEFAULT_READ_AHEAD, Math.floor(credits / 4)), limit: lowest.hardBytes };
}
