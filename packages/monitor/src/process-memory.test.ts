import { systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { anonymousBytes, totalMemoryBytes } from "./process-memory.ts";
import { observeProcess } from "./process-metrics.ts";
import { createRegistry } from "./registry.ts";

test("anonymous memory is read from proc, and is the resident set elsewhere", () => {
  expect(anonymousBytes(() => "VmRSS:\t  900 kB\nRssAnon:\t     512 kB\nRssFile:\t 3 kB\n")).toBe(512 * 1024);
  const elsewhere = anonymousBytes(() => {
    throw new Error("ENOENT");
  });
  expect(elsewhere).toBeGreaterThan(1024 * 1024);
  expect(anonymousBytes()).toBeLessThanOrEqual(elsewhere * 2);
});

test("the control group's limit wins when there is one", () => {
  expect(totalMemoryBytes(100, 1000)).toBe(100);
  expect(totalMemoryBytes(0, 1000)).toBe(1000);
  expect(totalMemoryBytes(2 ** 63, 1000)).toBe(1000);
  expect(totalMemoryBytes()).toBeGreaterThan(0);
});

test("the process shows itself, and no more once it is taken out", () => {
  const registry = createRegistry();
  const remove = observeProcess(registry, { version: "1.2.3", clock: systemClock });
  const names = registry.snapshot().map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      "rondo_build_info",
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "rondo_process_anonymous_memory_bytes",
      "process_start_time_seconds",
      "nodejs_eventloop_delay_p99_seconds",
    ]),
  );
  expect(registry.render()).toContain('rondo_build_info{version="1.2.3"');
  remove();
  expect(registry.snapshot()).toEqual([]);
});

test("a busy event loop shows as delay and utilization", async () => {
  let now = 0;
  const registry = createRegistry();
  const remove = observeProcess(registry, { version: "x", clock: { ...systemClock, monotonic: () => now } });
  await new Promise((resolve) => setTimeout(resolve, 120));
  const end = performance.now() + 200;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 120));
  now = 60_000;
  const value = (name: string) => registry.snapshot().find((sample) => sample.name === name)?.value ?? 0;
  expect(value("nodejs_eventloop_delay_p99_seconds")).toBeGreaterThan(0.05);
  expect(value("nodejs_eventloop_utilization")).toBeGreaterThan(0.1);
  remove();
});
