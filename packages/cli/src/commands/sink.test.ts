import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@rondo/core";
import { requestFromJson } from "@rondo/otlp/json";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listenersFrom, type SinkCommandOptions, sinkCommand } from "./sink.ts";

let lines: string[];
let errors: string[];
let stop: AbortController;
let folder: string;
beforeEach(async () => {
  [lines, errors, stop] = [[], [], new AbortController()];
  folder = await mkdtemp(join(tmpdir(), "sink-command-"));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (options: SinkCommandOptions, terminal = false) =>
  sinkCommand(options, {
    out: { line: (text) => void lines.push(text), error: (text) => void errors.push(text) },
    ...{ terminal, clock: systemClock, abort: stop.signal },
  });
const printed = async (pattern: RegExp) => {
  for (;;) {
    const found = lines.map((line) => pattern.exec(line)?.[1]).find((match) => match !== undefined);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const body = Buffer.from(
  requestFromJson(
    "logs",
    Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1"},{"timeUnixNano":"2"}]}]}]}'),
  ),
);
const post = (url: string) =>
  fetch(`${url}/v1/logs`, { method: "POST", body, headers: { "content-type": "application/x-protobuf" } });

test("prints its addresses, what comes while someone watches, and the sum at the end", async () => {
  const done = run(
    { http: ["otlphttp/a=127.0.0.1:0"], grpc: ["otlp/b=127.0.0.1:0"], statusAddress: "127.0.0.1:0" },
    true,
  );
  const url = await printed(/^listening otlphttp\/a http (http:.*)$/);
  expect(await printed(/^listening otlp\/b grpc (127\.0\.0\.1:[0-9]+)$/)).toBeDefined();
  expect(await printed(/^status (http:.*)$/)).toBeDefined();
  await post(url);
  await post(url);
  await printed(/^(otlphttp\/a \+[24] log records.*)$/);
  stop.abort();
  expect(await done).toBe(0);
  expect(lines.slice(-2)).toEqual(["otlp/b      nothing arrived", "otlphttp/a  4 log records (2 ids, 2 repeated)"]);
  expect(errors).toEqual([]);
});

test("with no address there is one listener for both protocols, and a start-up behaviour is obeyed and told", async () => {
  const done = run({ answer: "503" });
  const url = await printed(/^listening sink http (http:.*)$/);
  await printed(/^listening sink grpc (127.*)$/);
  expect((await post(url)).status).toBe(503);
  stop.abort();
  await done;
  expect(lines.at(-1)).toBe("sink  nothing arrived; answering 503");
});

describe("one clear line and an exit code for", () => {
  const cases: Record<string, [options: SinkCommandOptions, message: string, code: number]> = {
    "no address": [{ http: ["4318"] }, "rondo sink: --http 4318 is not an address", 2],
    "one name twice": [{ grpc: ["a=:0", "a=:0"] }, 'rondo sink: --grpc a=:0: "a" has a grpc address already', 2],
    "an empty name": [{ grpc: ["=127.0.0.1:0"] }, "before the = stands a name", 2],
    "an unknown answer": [{ answer: "hangs" }, 'rondo sink: --answer: behaviour: mode "hangs"; did you mean hang?', 2],
    "a ledger nowhere": [
      { ledger: "/no/such/folder/ledger" },
      "rondo sink: cannot write the ledger /no/such/folder/ledger",
      1,
    ],
  };
  for (const [what, [options, message, code]] of Object.entries(cases)) {
    test(what, async () => {
      expect(await run(options)).toBe(code);
      expect([errors.length, lines]).toEqual([1, []]);
      expect(errors[0]).toContain(message);
    });
  }
});

test("addresses of one name make one listener", () => {
  expect(listenersFrom(["a=127.0.0.1:1", "b=127.0.0.1:2"], ["a=127.0.0.1:3"])).toEqual([
    { name: "a", grpc: { host: "127.0.0.1", port: 1 }, http: { host: "127.0.0.1", port: 3 } },
    { name: "b", grpc: { host: "127.0.0.1", port: 2 } },
  ]);
});
