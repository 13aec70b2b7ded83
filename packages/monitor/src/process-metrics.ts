/** The process's own figures – processor, memory, event loop – measured when a page asks, at no cost in between. */
import { readdirSync } from "node:fs";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Clock } from "@rondo/core";
import { anonymousBytes } from "./process-memory.ts";
import type { Emit, Registry } from "./registry.ts";

/** How often the timer runs whose lateness is measured. */
const RESOLUTION_MS = 50;
const NS_PER_SECOND = 1e9;
/** The event loop's figures cover at least this long, however often pages and live views ask. */
const WINDOW_MS = 5_000;

/** Adds the process's metrics to a registry; the returned function takes them out and stops the event loop's timer. */
export function observeProcess(registry: Registry, { version, clock }: { version: string; clock: Clock }): () => void {
  const loop = observeLoop(clock);
  const remove = registry.onScrape((emit) => {
    emitProcess(emit, version);
    const { late, utilization } = loop.read();
    emit("nodejs_eventloop_delay_p99_seconds", {}, late);
    emit("nodejs_eventloop_utilization", {}, utilization);
  });
  return () => {
    remove();
    loop.stop();
  };
}

function observeLoop(clock: Clock) {
  // The timer that measures lateness runs natively 20 times a second and does not keep the process alive.
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let start = performance.eventLoopUtilization();
  let startedAt = clock.monotonic();
  let figures = { late: 0, utilization: 0 };
  return {
    read() {
      if (delay.count > 0 && clock.monotonic() - startedAt >= WINDOW_MS) {
        const now = performance.eventLoopUtilization();
        // The histogram holds the distances between two runs of the timer, not how late each one was.
        const late = Math.max(0, delay.percentile(99) / NS_PER_SECOND - RESOLUTION_MS / 1000);
        figures = { late, utilization: performance.eventLoopUtilization(now, start).utilization };
        delay.reset();
        start = now;
        startedAt = clock.monotonic();
      }
      return figures;
    },
    stop: () => delay.disable(),
  };
}

/** Names without `rondo_` are the client libraries' of Prometheus, which dashboards know. */
function emitProcess(emit: Emit, version: string): void {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  emit("rondo_build_info", { version, node: process.versions.node }, 1);
  emit("process_cpu_seconds_total", {}, (user + system) / 1e6);
  emit("process_resident_memory_bytes", {}, rss);
  emit("rondo_process_anonymous_memory_bytes", {}, anonymousBytes());
  emit("process_start_time_seconds", {}, performance.timeOrigin / 1000);
  emit("nodejs_heap_used_bytes", {}, heapUsed);
  emit("nodejs_external_memory_bytes", {}, external);
  const descriptors = openDescriptors();
  if (descriptors !== undefined) emit("process_open_fds", {}, descriptors);
}

/** Only Linux has the listing. */
function openDescriptors(): number | undefined {
  try {
    // The listing itself is one of them.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}
