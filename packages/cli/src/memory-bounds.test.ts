import { expect, test } from "vitest";
import { graphOf } from "./configuration.cases.ts";
import { memoryBounds } from "./memory-bounds.ts";

const MIB = 1 << 20;
const limited = (limits: string) => `
  receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
  processors: {${limits}}
  exporters: {debug: {}}
  service: {pipelines: {logs: {receivers: [otlp], processors: [${limits.match(/memory_limiter[/\w]*/g)}], exporters: [debug]}}}`;
const limiter = (name: string, mib: number) => `${name}: {check_interval: 1s, limit_mib: ${mib}, spike_limit_mib: 100}`;

test("without a limiter both bounds have their defaults", () => {
  const graph = graphOf(`
    receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
    exporters: {debug: {}}
    service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}`);
  expect(memoryBounds(graph)).toEqual({ credits: 256 * MIB, readAhead: 64 * MIB });
});

test("the lowest limiter counts, and readers take a quarter of what requests may", () => {
  const one = memoryBounds(graphOf(limited(limiter("memory_limiter", 1000))));
  const two = memoryBounds(
    graphOf(limited(`${limiter("memory_limiter", 4000)}, ${limiter("memory_limiter/b", 1000)}`)),
  );
  expect(one.credits).toBeGreaterThan(128 * MIB);
  expect(one.credits).toBeLessThan(900 * MIB);
  expect(Math.abs(one.credits - two.credits)).toBeLessThan(32 * MIB);
  expect([one.limit, two.limit]).toEqual([1000 * MIB, 1000 * MIB]);
  expect(one.readAhead).toBe(Math.min(64 * MIB, Math.floor(one.credits / 4)));
});
