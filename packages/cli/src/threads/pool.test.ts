import { type Log, silentLog, systemClock } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunningWorker } from "../runtime.ts";
import { startThreads } from "./pool.ts";

const registry = createRegistry();
let readiness: Readiness;
let errors: string[];
let worker: RunningWorker;

beforeEach(() => {
  errors = [];
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  readiness = new Readiness(systemClock);
  worker = startThreads({
    threads: 2,
    settings: { config: [], set: [], logLevel: "info", logFormat: "json", terminal: false, instance: "test" },
    ...{ readAheadBytes: 1 << 20, evict: false },
    module: new URL("./task.cases.ts", import.meta.url),
    lags: { lags: async () => [], isDrained: async () => true },
    ...{ registry, readiness, clock: systemClock, log },
  });
});
afterEach(() => worker.close());

const rows = async () => {
  await worker.ledger.lags();
  return worker.ledger.rows().map(({ entered, inFlight }) => [entered, inFlight]);
};

test("what threads count is one row a group and one page", async () => {
  await expect.poll(rows).toEqual([[11, 2]]);
  expect(registry.render()).toContain("rondo_log_fsyncs_total 2");
  await expect.poll(() => readiness.reasons()).toEqual([]);
  await worker.finished(new AbortController().signal);
});

// The process and its other threads live: the partitions of the dead one go on elsewhere until it is back.
test("a thread that fails is said, makes the process unready, and is started again", async () => {
  await expect.poll(rows).toEqual([[11, 2]]);
  worker.hurry();
  await expect.poll(() => errors).toHaveLength(2);
  expect(errors[0]).toBe("a thread ended and will be started again");
  expect(await rows()).toEqual([]);
  expect(readiness.reasons()).toHaveLength(2);
  await expect.poll(rows).toEqual([[11, 2]]);
});

test("after the end nothing of the threads is left on the page", async () => {
  await expect.poll(rows).toEqual([[11, 2]]);
  await worker.close();
  expect(registry.render()).not.toContain("rondo_log_fsyncs_total 2");
  expect(readiness.reasons()).toEqual([]);
});
