import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, Fault, silentLog, systemClock } from "@rondo/core";
import type { Gateway } from "@rondo/gateway";
import { afterEach, expect, test } from "vitest";
import { readConfig } from "./load.ts";
import { startRuntime } from "./runtime.ts";

const CONFIG = `yaml:{
  receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}, exporters: {debug: {}},
  service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}}`;

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function directory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "rondo-runtime-"));
  directories.push(made);
  return made;
}

async function start(data: string, clock: Clock = systemClock) {
  const { graph } = await readConfig({ config: [CONFIG], set: [] });
  if (graph === undefined) throw new Error("the test's configuration is wrong");
  return await startRuntime({
    graph,
    version: "0.0.0",
    data,
    metrics: { host: "127.0.0.1", port: 0 },
    health: { host: "127.0.0.1", port: 0 },
    instance: "test",
    clock,
    random: Math.random,
    log: silentLog,
  });
}

/** Replaces how a gateway drains. */
function drainsAs(gateway: Gateway, drain: Gateway["drain"]): void {
  Object.assign(gateway, { drain });
}

test("a gateway that cannot save its counts does not keep everything else from closing", async () => {
  const data = await directory();
  const runtime = await start(data);
  drainsAs(runtime.gateway, () => Promise.reject(new Fault("disk_full", "no room")));
  await expect(runtime.drain(1_000)).rejects.toMatchObject({ code: "disk_full" });
  // The log is closed and its lock is gone: the same process opens it again.
  const again = await start(data);
  expect(await again.drain(1_000)).toEqual({ requests: 0, groups: [] });
});

test("what the gateway needed of the time to drain is not there a second time", async () => {
  let passed = 0;
  const waits: number[] = [];
  const clock: Clock = {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + passed,
    after(ms, run, options) {
      waits.push(ms);
      return systemClock.after(ms, run, options);
    },
  };
  const runtime = await start(await directory(), clock);
  drainsAs(runtime.gateway, async () => {
    passed += 60_000;
    waits.length = 0;
    return 0;
  });
  await runtime.drain(100_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(40_000);
  expect(Math.max(...waits)).toBeGreaterThan(39_000);
});
