import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { type Log, silentLog } from "@rondo/core";
import { makeExporter } from "@rondo/testkit/exporter-contract";
import { afterAll, expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { check, type DebugValues } from "./config.ts";
import { destinationOf } from "./destinations.ts";
import { debugExporter } from "./exporter.ts";
import { LOGS, TRACES } from "./requests.cases.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-debug-"));
afterAll(() => rmSync(folder, { recursive: true }));

const traces = { signal: "traces", tenant: "site", items: 2, body: TRACES } as const;
const never = () => new AbortController().signal;

function set(config: object, log: Log = silentLog) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exporter = makeExporter(debugExporter({ stdout, stderr }), config, "traces", log);
  const written = (stream: PassThrough) => String(stream.read() ?? "");
  return { exporter, out: () => written(stdout), err: () => written(stderr) };
}

function recorded() {
  const lines: unknown[][] = [];
  const info: Log["info"] = (...line) => lines.push(line);
  const log: Log = { debug() {}, warn() {}, error() {}, info, child: () => log };
  return { log, lines };
}

test("by default a batch is a line with counts in Rondo's log", async () => {
  const { log, lines } = recorded();
  const { exporter, out } = set({}, log);
  expect(await exporter.deliver(traces, never())).toEqual({ kind: "settled", drops: [] });
  expect(lines).toEqual([["Traces", { "resource spans": 1, spans: 2 }]]);
  expect(out()).toBe("");
});

test.each([
  ["normal", "fit round 0102"],
  ["detailed", "    Name           : fit round"],
])("verbosity %s adds its text", async (verbosity, expected) => {
  const { exporter, out, err } = set({ verbosity, use_internal_logger: false, output_paths: ["stdout", "stderr"] });
  await exporter.deliver(traces, never());
  const text = out();
  expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\tinfo\tTraces\t\{"resource spans":1,"spans":2\}\nResource/);
  expect(text).toContain(expected);
  expect(err()).toBe(text);
});

test("what is shown cannot steer the terminal", async () => {
  const { exporter, out } = set({ verbosity: "normal", use_internal_logger: false });
  await exporter.deliver({ ...traces, signal: "logs", body: LOGS }, never());
  expect(out()).toContain("second \\u001b[31m");
});

test("what sampling leaves out is neither decoded nor counted, and yet delivered and captured", async () => {
  const path = join(folder, "sampled.jsonl");
  const { exporter, out } = set({
    verbosity: "detailed",
    use_internal_logger: false,
    sampling_initial: 1,
    sampling_thereafter: 0,
    capture_file: path,
  });
  await exporter.deliver(traces, never());
  const shown = out();
  const unreadable = { ...traces, body: new Uint8Array(0) };
  Object.defineProperty(unreadable, "signal", { get: () => "traces", enumerable: true });
  for (let batches = 0; batches < 10; batches++)
    expect((await exporter.deliver(unreadable, never())).kind).toBe("settled");
  expect(shown).not.toBe("");
  expect(out()).toBe("");
  expect(readFileSync(path, "utf8").split("\n").length).toBe(12);
  await exporter.close();
});

test("the capture file has every batch byte by byte before it settles", async () => {
  const path = join(folder, "capture.jsonl");
  const { exporter } = set({ capture_file: path });
  await exporter.deliver(traces, never());
  const [line = ""] = readFileSync(path, "utf8").split("\n");
  const { body, ...rest } = JSON.parse(line);
  expect(rest).toEqual({ signal: "traces", tenant: "site", items: 2 });
  expect(Buffer.from(body, "base64")).toEqual(Buffer.from(TRACES));
  await exporter.close();
});

test("a capture file that cannot be written is a retry, and works when it can be", async () => {
  const path = join(folder, "absent", "capture.jsonl");
  const { exporter } = set({ capture_file: path });
  expect(await exporter.deliver(traces, never())).toMatchObject({ kind: "retry", fault: { code: "unavailable" } });
  mkdirSync(join(folder, "absent"));
  expect((await exporter.deliver(traces, never())).kind).toBe("settled");
  await exporter.close();
});

test("bytes that are no OTLP are shown as what is wrong with them, and do not block the road", async () => {
  const { exporter, out } = set({ verbosity: "detailed", use_internal_logger: false });
  expect((await exporter.deliver({ ...traces, body: Uint8Array.of(0x0a, 0x7f) }, never())).kind).toBe("settled");
  expect(out()).toContain("Undecodable");
});

test("an abort before the batch is a retry; a slow reader holds the batch, not the memory", async () => {
  const { exporter } = set({ use_internal_logger: false });
  expect(await exporter.deliver(traces, AbortSignal.abort())).toMatchObject({ fault: { code: "aborted" } });
  let drained: (() => void) | undefined;
  const slow = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      drained = done;
    },
  });
  const made = makeExporter(debugExporter({ stdout: slow, stderr: slow }), { use_internal_logger: false });
  let over = false;
  const verdict = made.deliver(traces, never()).then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  drained?.();
  await verdict;
});

test("files are destinations too, and empty paths are found at load", async () => {
  const path = join(folder, "shown.txt");
  const { exporter } = set({ use_internal_logger: false, output_paths: [path] });
  await exporter.deliver(traces, never());
  await exporter.close();
  expect(readFileSync(path, "utf8")).toContain("\tinfo\tTraces\t");
  const place = recordingPlace();
  check({ output_paths: [""] } as unknown as DebugValues, place); // Only the paths are looked at.
  check({ output_paths: [] } as unknown as DebugValues, place);
  expect(place.problems).toEqual([
    "exporter::output_paths::0 must be stdout, stderr or the path of a file",
    "exporter::output_paths must name at least one of stdout, stderr or a file",
  ]);
});

test("with the internal logger no stream is touched", async () => {
  const { log, lines } = recorded();
  const outputs = { stdout: new PassThrough(), stderr: new PassThrough() };
  const values = { use_internal_logger: true, output_paths: ["stdout"] } as unknown as DebugValues; // The others are not read.
  const destination = destinationOf(values, log, { now: () => 0, monotonic: () => 0, after: () => () => {} }, outputs);
  await destination.show("Logs", { "log records": 1 }, "text");
  expect([lines, outputs.stdout.read()]).toEqual([[["Logs", { "log records": 1 }], ["text"]], null]);
  await destination.close();
});
