import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enrichedHeaders } from "@rondo/broker";
import { openEmbedded } from "@rondo/broker/embedded";
import { silentLog, systemClock } from "@rondo/core";
import { namedSpans } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { printed } from "../configuration.cases.ts";
import { EXIT } from "../out.ts";
import { type ReplayOptions, replayCommand } from "./replay.ts";

/** A backend that remembers the headers of its requests, and is away until it is told to be there. */
async function backend() {
  const requests: IncomingHttpHeaders[] = [];
  let answer = 200;
  const server = createServer((request, response) => {
    requests.push(request.headers);
    request.resume().on("end", () => response.writeHead(answer).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, requests, say: (status: number) => (answer = status) };
}

async function setup() {
  const folder = mkdtempSync(join(tmpdir(), "rondo-replay-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { url, requests, say } = await backend();
  const capture = join(folder, "capture.ndjson");
  const config = join(folder, "rondo.yaml");
  writeFileSync(
    config,
    `receivers: {otlp: {protocols: {http: }}}
exporters:
  debug: {capture_file: ${capture}}
  otlphttp: {endpoint: "${url}", headers: {x-own: "1"}, retry_on_failure: {initial_interval: 20ms, max_interval: 50ms}}
  prometheus: {endpoint: "127.0.0.1:0"}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlphttp, debug]}
    metrics: {receivers: [otlp], exporters: [prometheus]}
`,
  );
  const data = join(folder, "data");
  // As a worker leaves it; what came in at second n has the span n.
  const broker = await openEmbedded({ directory: data, partitions: 2, clock: systemClock, log: silentLog });
  await broker.ensureTopics([{ name: "otlp_spans.enriched" }, { name: "otlp_metrics.enriched" }]);
  for (let second = 0; second < 10; second++) {
    const origin = `${second % 2}:${second}:0/1`;
    const headers = enrichedHeaders({ tenant: "default", items: 1, origin, at: second * 60_000 });
    await broker.append("otlp_spans.enriched", second % 2, [{ headers, value: namedSpans([`span-${second}`]) }]);
  }
  const run = async (options: Partial<ReplayOptions>, abort = new AbortController().signal) => {
    const { out, lines, errors } = printed();
    const around = { out, clock: systemClock, random: Math.random, log: silentLog, abort };
    const code = await replayCommand({ config: [config], set: [], data, pipeline: "traces", ...options }, around);
    return { code, lines, errors };
  };
  const captured = () =>
    existsSync(capture)
      ? readFileSync(capture, "utf8")
          .trim()
          .split("\n")
          .flatMap(
            (line) =>
              // What the debug exporter writes.
              Buffer.from((JSON.parse(line) as { body: string }).body, "base64")
                .toString("latin1")
                .match(/span-\d/g) ?? [],
          )
      : [];
  return { run, captured, requests, say, data, broker };
}

const minute = (number: number) => new Date(number * 60_000).toISOString();

test("beside a process that has the log, a span goes to one exporter or to all, oldest first and marked", async () => {
  const { run, captured, requests, data, broker } = await setup();
  onTestFinished(() => broker.close());
  const one = await run({ from: minute(2), to: minute(5), exporter: "debug", run: "r1" });
  expect(one.lines).toEqual([
    "run r1: traces from 1970-01-01T00:02:00.000Z to 1970-01-01T00:05:00.000Z, to debug",
    "debug: 3 records, 3 items: 3 delivered, 0 refused",
  ]);
  expect([one.code, one.errors]).toEqual([EXIT.ok, []]);
  expect(captured()).toEqual(["span-2", "span-3", "span-4"]);
  expect(requests).toEqual([]);
  const all = await run({ from: minute(8), to: "now", run: "r2" });
  expect(all.code).toBe(EXIT.ok);
  expect(captured().slice(3)).toEqual(["span-8", "span-9"]);
  expect(requests.map((headers) => [headers["x-rondo-replay"], headers["x-own"]])[0]).toEqual(["r2", "1"]);
  expect(existsSync(join(data, "replay", "r2.json"))).toBe(false);
  expect((await broker.groups()).map(({ group }) => group)).toEqual([]);
});

test("a dry run only counts", async () => {
  const { run, captured, broker, data } = await setup();
  await broker.close();
  const { lines, code } = await run({ from: minute(0), dryRun: true });
  expect(lines[1]).toMatch(/^10 records, 10 items, \d+ B would be sent to each$/);
  expect([code, captured()]).toEqual([EXIT.ok, []]);
  expect(existsSync(join(data, "replay"))).toBe(false);
});

test("a span of which retention has removed a part is sent from where all of it is there, and that is told", async () => {
  const { run, broker, data } = await setup();
  await broker.close();
  const clock = { ...systemClock, now: () => Date.now() + 3_600_000 };
  const later = await openEmbedded({ directory: data, clock, log: silentLog, retentionMs: 60_000, segmentBytes: 1 });
  for (const partition of [0, 1, 0, 1]) {
    const headers = enrichedHeaders({ tenant: "default", items: 1, origin: `${partition}:20:0/1`, at: 1_200_000 });
    await later.append("otlp_spans.enriched", partition, [{ headers, value: namedSpans(["span-x"]) }]);
  }
  await expect.poll(async () => (await later.watermarks("otlp_spans.enriched", 0)).low).toBe(5);
  await later.close();
  const { lines, errors, code } = await run({ from: minute(0), dryRun: true });
  expect(lines[1]).toMatch(/^2 records, 2 items/);
  expect(errors).toEqual([expect.stringContaining("has all of it only from 1970-01-01T00:20:00.000Z on")]);
  expect(code).toBe(EXIT.ok);
});

test("one that is asked to end says how to go on, and goes on by that", async () => {
  const { run, requests, say, broker, data } = await setup();
  await broker.close();
  say(503);
  const span = { from: minute(0), to: minute(6), exporter: "otlphttp", run: "r1" };
  const stopped = await run(span, AbortSignal.timeout(300));
  expect(stopped.code).toBe(EXIT.failed);
  expect(stopped.errors.at(-1)).toMatch(
    /^go on with: rondo replay --run r1 --pipeline traces --config \S+ --data \S+ --exporter otlphttp$/,
  );
  expect(stopped.lines.at(-1)).toBe("otlphttp: 6 records, 0 items: 0 delivered, 0 refused; not at its end");
  expect(existsSync(join(data, "replay", "r1.json"))).toBe(true);
  say(200);
  await expect(run({ ...span, exporter: "debug" })).rejects.toThrow("run r1 was begun for otlphttp;");
  const { code, lines } = await run({ run: "r1", exporter: "otlphttp" });
  expect(lines.at(-1)).toBe("otlphttp: 6 records, 6 items: 6 delivered, 0 refused");
  expect([code, requests.every((headers) => headers["x-rondo-replay"] === "r1")]).toEqual([EXIT.ok, true]);
  expect(existsSync(join(data, "replay", "r1.json"))).toBe(false);
}, 20_000);

test("what a backend refuses for good is told, and is no success", async () => {
  const { run, say, broker } = await setup();
  await broker.close();
  say(400);
  const { lines, code } = await run({ from: minute(0), exporter: "otlphttp", run: "r1" });
  expect(lines.at(-1)).toBe("otlphttp: 10 records, 10 items: 0 delivered, 10 refused (backend_rejected)");
  expect(code).toBe(EXIT.failed);
});

test.each<[string, Partial<ReplayOptions>]>([
  ["--pipeline logs: there is none of that id; there are traces, metrics", { pipeline: "logs" }],
  ["--exporter loki: pipeline traces has none of that id; it has otlphttp, debug", { exporter: "loki" }],
  ["pipeline metrics has no exporter to send to", { pipeline: "metrics" }],
  ["--from is needed", {}],
  ["--from noon: write a time", { from: "noon" }],
  ["the span is empty", { from: "-1h", to: "-2h" }],
  ["--run a/b: a run is called by", { from: "-1h", run: "a/b" }],
])("refused: %s", async (message, options) => {
  const { run, broker } = await setup();
  await broker.close();
  await expect(run(options)).rejects.toThrow(message);
});

test("a folder without a log is no log", async () => {
  const { run, broker, data } = await setup();
  await broker.close();
  await expect(run({ from: "-1h", data: `${data}-other` })).rejects.toThrow("holds no data of Rondo; check --data");
});
