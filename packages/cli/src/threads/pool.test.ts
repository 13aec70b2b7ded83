import { createServer } from "node:net";
import { type Log, silentLog, systemClock } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { afterEach, beforeEach, expect, test } from "vitest";
import { graphOf } from "../configuration.cases.ts";
import type { RunningWorker } from "../runtime.ts";
import { startThreads, type ThreadsOptions } from "./pool.ts";

/** A module whose task never says anything. */
const MUTE = new URL("./mute.cases.ts", import.meta.url);

const SETTINGS: ThreadsOptions["settings"] = {
  ...{ config: [], set: [], logLevel: "info", logFormat: "json", terminal: false, instance: "test" },
};

const registry = createRegistry();
let readiness: Readiness;
let errors: string[];
let said: string[];
let worker: RunningWorker;

const log: Log = {
  ...silentLog,
  error: (message) => void errors.push(message),
  info: (message) => void said.push(message),
};

/** Threads that run the pipelines of a configuration in name. */
const start = (graph = graphOf(yaml()), more: Partial<ThreadsOptions> = {}) =>
  startThreads({
    ...{ threads: 2, graph },
    settings: SETTINGS,
    ...{ readAheadBytes: 1 << 20 },
    module: new URL("./task.cases.ts", import.meta.url),
    lags: { lags: async () => [], isDrained: async () => true },
    ...{ registry, readiness, clock: systemClock, log, abort: new AbortController().signal },
    ...more,
  });

/** One pipeline with these exporters of pages, each with its port. */
const yaml = (pages: Readonly<Record<string, number>> = { prometheus: 0 }) => `
  receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
  exporters: {${Object.entries(pages).map(([id, port]) => `${id}: {endpoint: "127.0.0.1:${port}"}`)}}
  service: {pipelines: {metrics: {receivers: [otlp], exporters: [${Object.keys(pages)}]}}}`;

beforeEach(async () => {
  errors = [];
  said = [];
  readiness = new Readiness(systemClock);
  worker = await start();
});
afterEach(() => worker.close());

const rows = async () => {
  await worker.ledger.lags();
  return worker.ledger.rows().map(({ entered, inFlight }) => [entered, inFlight]);
};

test("threads that do not come up keep the process from being ready, and from starting, until it is asked to stop", async () => {
  const stop = new AbortController();
  const others = new Readiness(systemClock);
  const starting = start(graphOf(yaml()), { readiness: others, abort: stop.signal, module: MUTE });
  await expect.poll(() => others.reasons()).toHaveLength(2);
  stop.abort();
  await expect(starting).rejects.toMatchObject({ code: "aborted" });
});

test("a thread that can never start is a start that fails, with its reason", async () => {
  const others = new Readiness(systemClock);
  const starting = start(graphOf(yaml()), { readiness: others, settings: { ...SETTINGS, instance: "refused" } });
  await expect(starting).rejects.toMatchObject({ code: "startup", message: "not authorized" });
  expect(others.reasons()).toEqual([]);
});

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

/** The page whose address the process has said. */
async function page(): Promise<string> {
  const url = said.flatMap((line) => / serves (\S+)$/.exec(line)?.[1] ?? []).at(-1) ?? "";
  return await (await fetch(url)).text();
}

const errorsOfPages = () => registry.snapshot().find(({ name }) => name === "rondo_scrape_errors_total")?.value ?? 0;

test("a page is what all threads have of it", async () => {
  await expect.poll(page).toBe("# TYPE x gauge\nx0 1\nx1 1\n");
  expect(said).toHaveLength(1);
});

// A restart takes seconds, and the series of the others must not be lost for it.
test("a thread that does not run, or does not answer in time, is left out of the page and counted", async () => {
  await expect.poll(page).toContain("x1");
  await worker.close();
  worker = await start(graphOf(yaml({ "prometheus/mute": 0 })));
  await expect.poll(rows).toEqual([[11, 2]]);
  const before = errorsOfPages();
  // The part that nobody tells is waited for once, by both.
  expect(await Promise.all([page(), page()])).toEqual(Array(2).fill("# TYPE x gauge\nx0 1\n"));
  expect(errorsOfPages()).toBe(before + 2);
  worker.hurry();
  await expect.poll(() => errors).toHaveLength(2);
  expect(await page()).toBe("");
  expect(errorsOfPages()).toBe(before + 4);
}, 15_000);

test("a port in use is a start that fails, and no thread is left", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => void holder.listen(0, "127.0.0.1", resolve));
  const bound = holder.address();
  const port = typeof bound === "object" ? (bound?.port ?? 0) : 0;
  await expect(start(graphOf(yaml({ prometheus: port })))).rejects.toMatchObject({ code: "startup" });
  holder.close();
});
