import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Log, silentLog, systemClock } from "@rondo/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { printed } from "../configuration.cases.ts";
import { EXIT } from "../out.ts";
import { leftoverLines, notYetLine, type UpOptions, upCommand } from "./up.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rondo-up-"));
});
afterEach(() => rm(folder, { recursive: true }));

const CONFIG = `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}, prometheus: {config: {scrape_configs: []}}}
exporters: {debug: {verbosity: basic}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}, metrics: {receivers: [otlp, prometheus], exporters: [debug]}}}
`;

/** Runs the command until `abort`, with every line of its log kept. */
async function run(change: Partial<UpOptions> = {}, abort: AbortSignal = AbortSignal.abort()) {
  const config = join(folder, "config.yaml");
  await writeFile(config, CONFIG);
  const said: string[] = [];
  const note = (message: string) => void said.push(message);
  const log: Log = { ...silentLog, info: note, warn: note, error: note, child: () => log };
  const { errors, out } = printed();
  const free = { metricsAddress: "127.0.0.1:0", healthAddress: "127.0.0.1:0" };
  const code = await upCommand(
    { command: "up", config: [config], set: [], data: join(folder, "data"), drainMs: 5_000, ...free, ...change },
    { out, log, clock: systemClock, random: Math.random, version: "1.2.3", abort },
  );
  return { code, said, errors };
}

test("says what is left out, where it listens, that it is ready, and at the end that nothing stayed", async () => {
  const { code, said, errors } = await run();
  expect([code, errors]).toEqual([EXIT.ok, []]);
  const at = (pattern: RegExp) => said.findIndex((line) => pattern.test(line));
  const order = [
    /^not yet: receiver prometheus.* \(left out of metrics\)$/,
    /^receiver otlp takes OTLP\/http on 127\.0\.0\.1:[1-9]\d*$/,
    /^metrics on http:\/\/127\.0\.0\.1:[1-9]\d*\/metrics, health on http:\/\/127\.0\.0\.1:[1-9]\d*\/$/,
    /^ready$/,
    /^stopping: /,
    /^stopped: everything that was accepted has gone out$/,
  ].map(at);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order).not.toContain(-1);
});

test("a wrong configuration and a wrong address are exit code 2, each with its place", async () => {
  const wrong = await run({ set: ["exporters.debug.nosuch=1"] });
  expect(wrong.code).toBe(EXIT.usage);
  expect(wrong.errors.join()).toContain("exporters::debug::nosuch: unknown key");
  const address = await run({ metricsAddress: "8888" });
  expect(address.code).toBe(EXIT.usage);
  expect(address.errors).toEqual([expect.stringMatching(/^rondo up: --metrics-address 8888 is not an address/)]);
});

test("a start that cannot succeed is exit code 1, with one line that says what to do", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  const { code, errors } = await run({ data: join(file, "data") });
  expect(code).toBe(EXIT.failed);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(file);
});

test("what a drain left is told in sentences", () => {
  expect(leftoverLines({ requests: 0, groups: [] })).toEqual([]);
  expect(leftoverLines({ requests: 2, groups: [{ group: "rondo.logs.debug", records: 3 }] })).toEqual([
    "2 requests were still unanswered; their clients will repeat them",
    "rondo.logs.debug: 3 records stay in the log and go out after the next start",
  ]);
});

test("what is left out is told with its extent and its pipelines", () => {
  expect(notYetLine({ kind: "extension", id: "pprof", pipelines: [] })).toBe("not yet: extension pprof");
  expect(
    notYetLine({ kind: "receiver", id: "prometheus", extent: "3 targets", pipelines: ["metrics", "metrics/b"] }),
  ).toBe("not yet: receiver prometheus, 3 targets (left out of metrics, metrics/b)");
});

test("a role alone needs a log that it shares", async () => {
  const { code, errors } = await run({ command: "worker" });
  expect(code).toBe(EXIT.usage);
  expect(errors).toEqual([
    expect.stringMatching(/^rondo worker: the log on this machine belongs to one process: add broker::kafka/),
  ]);
});
