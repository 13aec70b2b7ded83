import { systemClock } from "@rondo/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Sink, startSink } from "../sink/sink.ts";
import { type ReplayCommandOptions, replayRecordingCommand, resultLines } from "./replay-recording.ts";

const FILE = new URL("../../../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname;
const ANY = { host: "127.0.0.1", port: 0 };
let lines: string[];
let errors: string[];
let sink: Sink;
let addresses: { readonly grpc: string; readonly http: string };
beforeEach(async () => {
  [lines, errors] = [[], []];
  sink = await startSink({ listeners: [{ name: "a", grpc: ANY, http: ANY }], clock: systemClock });
  const { grpc = "", http = "" } = sink.listener("a");
  addresses = { grpc, http };
});
afterEach(() => sink.close());

const run = (options: Partial<ReplayCommandOptions>, abort = new AbortController().signal) =>
  replayRecordingCommand(
    { file: FILE, speed: "max", ...addresses, ...options },
    {
      out: { line: (text) => void lines.push(text), error: (text) => void errors.push(text) },
      ...{ clock: systemClock, random: () => 0.5, abort },
    },
  );

test("says of every signal that all of it was acknowledged", async () => {
  expect(await run({})).toBe(0);
  expect(lines).toEqual([
    "271 spans: 271 acknowledged",
    "151 data points: 151 acknowledged",
    "63 log records: 63 acknowledged",
  ]);
  expect(errors).toEqual([]);
});

test("a start makes two runs the same, to the last id", async () => {
  const options = { start: "2026-06-01T00:00:00Z" };
  await run(options);
  await run(options);
  expect(sink.listener("a").holdings.count("logs")).toMatchObject({ items: 126, ids: 63 });
});

test("an item that was not acknowledged makes the exit code 1, with the reason", async () => {
  await sink.listener("a").behaviour.set({ mode: "status", status: 400 });
  expect(await run({})).toBe(1);
  expect(lines[0]).toBe("271 spans: 0 acknowledged, 271 given up");
  expect(errors.join("\n")).toMatch(/HTTP 400: this sink was told to answer 400 \([0-9]+ times\)/);
});

test("an interruption is said", async () => {
  expect(await run({ speed: "1" }, AbortSignal.timeout(50))).toBe(1);
  expect(errors.at(-1)).toMatch(/^interrupted: [0-9]+ requests were not sent$/);
});

describe("one clear line and an exit code for", () => {
  const cases: Record<string, [options: Partial<ReplayCommandOptions>, message: string, code: number]> = {
    "a missing file": [
      { file: "nowhere.ndjson" },
      "cannot read the recording nowhere.ndjson: there is no such file",
      2,
    ],
    speed: [{ speed: "fast" }, "--speed fast must be a number such as 1 or 20, or max", 2],
    times: [{ times: "now" }, "--times now must be shift", 2],
    start: [{ start: "tomorrow" }, "--start tomorrow must be a time such as", 2],
    "an address that is none": [{ grpc: "4317" }, "--grpc 4317 is not an address", 2],
    "nobody there": [{ grpc: "127.0.0.1:1" }, "--grpc 127.0.0.1:1: nothing listens there; start `rondo up`", 1],
  };
  for (const [what, [options, message, code]] of Object.entries(cases)) {
    test(what, async () => {
      expect(await run(options)).toBe(code);
      expect([errors.length, lines]).toEqual([1, []]);
      expect(errors[0]).toMatch(/^rondo replay-recording: /);
      expect(errors[0]).toContain(message);
    });
  }
});

test("the line of a signal names what is not well", () => {
  const none = { sent: 0, acked: 0, rejected: 0, givenUp: 0, retries: 0 };
  const traces = { sent: 10, acked: 7, rejected: 2, givenUp: 1, retries: 4 };
  expect(resultLines({ tallies: { traces, metrics: none, logs: none } })[0]).toBe(
    "10 spans: 7 acknowledged, 2 rejected, 1 given up, 4 retries",
  );
});
