import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { systemClock } from "@rondo/core";
import { decodeStatus, type Signal } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sinkClient } from "./client.ts";
import { EXPORT_METHODS } from "./grpc.ts";
import { readLedger } from "./ledger.ts";
import { type Sink, startSink } from "./sink.ts";

const ANY = { host: "127.0.0.1", port: 0 };
const problems: string[] = [];
let folder: string;
let sink: Sink;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sink-"));
  problems.length = 0;
  sink = await startSink({
    listeners: [
      { name: "otlp/a", grpc: ANY, http: ANY },
      { name: "otlp/b", http: ANY },
    ],
    status: ANY,
    ledger: join(folder, "ledger"),
    clock: systemClock,
    problem: (line) => problems.push(line),
  });
});
afterEach(async () => {
  await sink.close();
  await rm(folder, { recursive: true });
});

const encode = (signal: Signal, shape: object) => requestFromJson(signal, Buffer.from(JSON.stringify(shape)));
const record = (n: number | bigint) => ({ timeUnixNano: String(n), body: { stringValue: "hello" } });
const logs = (...numbers: (number | bigint)[]) =>
  encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: numbers.map(record) }] }] });
const known = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("not there");
  return value;
};
const post = (name: string, body: string | Uint8Array, headers: Record<string, string> = {}, path = "/v1/logs") =>
  fetch(`${sink.listener(name).http}${path}`, {
    method: "POST",
    body: Buffer.from(body),
    headers: { "content-type": "application/x-protobuf", ...headers },
    signal: AbortSignal.timeout(2000),
  });

type GrpcAnswer = { readonly error: ServiceError | null; readonly answer: Buffer | undefined };
function call(
  body: Uint8Array,
  { gzip = false, path = EXPORT_METHODS.logs, timeoutMs = 2000 } = {},
): Promise<GrpcAnswer> {
  const client = new Client(known(sink.listener("otlp/a").grpc), credentials.createInsecure(), {
    ...(gzip && { "grpc.default_compression_algorithm": 2 }),
  });
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve) =>
    client.makeUnaryRequest(
      path,
      same,
      same,
      Buffer.from(body),
      new Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error, answer) => {
        client.close();
        resolve({ error, answer });
      },
    ),
  );
}
const holds = (name: string, signal: Signal = "logs") => sink.listener(name).holdings.count(signal);
const ask = () => sinkClient(known(sink.status), new AbortController().signal);

describe("every way in", () => {
  test("protobuf over HTTP, plain and gzip, under an exporter's prefix", async () => {
    expect((await post("otlp/a", logs(1))).status).toBe(200);
    const zipped = await post(
      "otlp/a",
      gzipSync(logs(2)),
      { "content-encoding": "gzip" },
      "/api/otel/v1/metrics/v1/logs",
    );
    expect(zipped.status).toBe(200);
    expect(zipped.headers.get("content-type")).toBe("application/x-protobuf");
    expect((await zipped.arrayBuffer()).byteLength).toBe(0);
    expect(holds("otlp/a")).toMatchObject({ requests: 2, items: 2, ids: 2 });
  });

  test("JSON over HTTP has the identities of the same request in protobuf", async () => {
    await post("otlp/a", logs(9007199254740993n));
    const json = {
      resourceLogs: [
        { scopeLogs: [{ logRecords: [{ timeUnixNano: "9007199254740993", body: { stringValue: "hello" } }] }] },
      ],
    };
    const answered = await post("otlp/b", JSON.stringify(json), { "content-type": "application/json; charset=utf-8" });
    expect([answered.status, await answered.json()]).toEqual([200, {}]);
    const [a, b] = ["otlp/a", "otlp/b"].map((name) => sink.listener(name).holdings.held("logs"));
    expect(a).toHaveLength(1);
    expect(a).toEqual(b);
  });

  test("gRPC, plain and gzip, for every signal", async () => {
    const span = { traceId: "01".repeat(16), spanId: "02".repeat(8) };
    const point = { gauge: { dataPoints: [{ asInt: 1 }] } };
    expect((await call(logs(1, 2))).error).toBeNull();
    expect((await call(logs(3), { gzip: true })).error).toBeNull();
    const traces = encode("traces", { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    const metrics = encode("metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics: [point] }] }] });
    expect((await call(traces, { path: EXPORT_METHODS.traces })).error).toBeNull();
    expect((await call(metrics, { path: EXPORT_METHODS.metrics })).error).toBeNull();
    expect(holds("otlp/a").ids).toBe(3);
    expect(holds("otlp/a", "metrics").ids).toBe(1);
    expect(
      sink
        .listener("otlp/a")
        .holdings.held("traces")
        .map(({ id }) => id),
    ).toEqual([`${"01".repeat(16)}:${"02".repeat(8)}`]);
  });

  test("a request of several megabytes over gRPC", async () => {
    const big = encode("logs", {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "x".repeat(8 << 20) } }] }] }],
    });
    expect((await call(big)).error).toBeNull();
  });
});

describe("what is no request", () => {
  test("is refused with words over HTTP, and the sink lives", async () => {
    const answered = await post("otlp/b", "garbage");
    expect(answered.status).toBe(400);
    expect(decodeStatus(new Uint8Array(await answered.arrayBuffer())).code).toBe(3);
    expect(problems).toEqual([expect.stringMatching(/^otlp\/b: not a logs request in protobuf over http: ./)]);
    expect((await post("otlp/b", "x", { "content-type": "text/plain" })).status).toBe(415);
    expect((await post("otlp/b", "x", { "content-encoding": "gzip" })).status).toBe(400);
    expect((await post("otlp/b", "{", { "content-type": "application/json" })).status).toBe(400);
    expect((await post("otlp/b", "x", { "content-encoding": "br" })).status).toBe(415);
    expect((await post("otlp/b", logs(1), {}, "/nowhere")).status).toBe(404);
    expect((await post("otlp/b", logs(1))).status).toBe(200);
  });

  test("is refused with a code over gRPC", async () => {
    expect((await call(Buffer.from("garbage"))).error?.code).toBe(status.INVALID_ARGUMENT);
    expect((await call(logs(1), { path: "/no.such.Service/Export" })).error?.code).toBe(status.UNIMPLEMENTED);
    expect(holds("otlp/a").requests).toBe(0);
  });
});

describe("behaviours", () => {
  test("status: nothing is kept; the pause is told in each protocol's own way", async () => {
    await ask().behave({ mode: "status", status: 429, retryAfterMs: 1500 });
    const answered = await post("otlp/a", logs(1));
    expect([answered.status, answered.headers.get("retry-after")]).toEqual([429, "2"]);
    const { error } = await call(logs(1));
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    const [details] = error?.metadata.get("grpc-status-details-bin") ?? [];
    expect(decodeStatus(Buffer.from(known(details))).retryDelayMs).toBe(1500);
    expect(holds("otlp/a").requests).toBe(0);
    await ask().behave({ mode: "ok" }, "otlp/a");
    expect((await post("otlp/a", logs(1))).status).toBe(200);
    expect((await post("otlp/b", logs(1))).status).toBe(429);
  });

  test("hang: no answer, nothing kept", async () => {
    await ask().behave({ mode: "hang" });
    expect((await call(logs(1), { timeoutMs: 200 })).error?.code).toBe(status.DEADLINE_EXCEEDED);
    expect(holds("otlp/a").requests).toBe(0);
  });

  test("lose: kept, and the connection ends without an answer", async () => {
    await ask().behave({ mode: "lose" });
    expect((await call(logs(1))).error?.code).toBe(status.UNAVAILABLE);
    await expect(post("otlp/a", logs(2))).rejects.toThrow();
    expect(holds("otlp/a").items).toBe(2);
  });

  test("refuse: connections are refused, and taken again on the same port afterwards", async () => {
    const before = sink.listener("otlp/a").grpc;
    await ask().behave({ mode: "refuse" }, "otlp/a");
    await expect(post("otlp/a", logs(1))).rejects.toThrow();
    expect((await call(logs(1))).error?.code).toBe(status.UNAVAILABLE);
    await ask().behave({ mode: "ok" }, "otlp/a");
    expect((await post("otlp/a", logs(1))).status).toBe(200);
    expect((await call(logs(2))).error).toBeNull();
    expect(sink.listener("otlp/a").grpc).toBe(before);
  });

  test("slow: kept and answered after the delay", async () => {
    await ask().behave({ mode: "slow", ms: 120 });
    const began = performance.now();
    expect((await post("otlp/a", logs(1))).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(119);
  });
});

describe("the status API", () => {
  test("tells exporters apart, lists ids and forgets on demand", async () => {
    await post("otlp/a", logs(1, 2));
    await post("otlp/a", logs(2));
    await post("otlp/b", logs(3));
    const { listeners } = await ask().status();
    expect(
      listeners.map(({ name, counts }) => [name, counts.logs.items, counts.logs.ids, counts.logs.duplicates]),
    ).toEqual([
      ["otlp/a", 3, 2, 1],
      ["otlp/b", 1, 1, 0],
    ]);
    expect(listeners[0]).toMatchObject({ grpc: sink.listener("otlp/a").grpc, behaviour: { mode: "ok" } });
    expect((await ask().ids("otlp/a", "logs")).map(({ count }) => count)).toEqual([1, 2]);
    await ask().reset("otlp/a");
    expect(await ask().ids("otlp/a", "logs")).toEqual([]);
    expect(await ask().ids("otlp/b", "logs")).toHaveLength(1);
    await ask().reset();
    expect(holds("otlp/b").items).toBe(0);
  });

  test("says what is wrong with a question", async () => {
    const client = ask();
    await expect(client.ids("otlp/c", "logs")).rejects.toThrow('no listener \\"otlp/c\\"; there are: otlp/a, otlp/b');
    const raw = await fetch(`${sink.status}/behaviour`, { method: "POST", body: "{" });
    expect([raw.status, await raw.json()]).toEqual([400, { error: "the body is not JSON" }]);
    expect((await fetch(`${sink.status}/ids?listener=otlp/a&signal=log`)).status).toBe(400);
    expect((await fetch(`${sink.status}/idz`)).status).toBe(404);
  });

  test("a sink that is gone is said to be gone", async () => {
    const client = ask();
    await sink.close();
    await expect(client.status()).rejects.toThrow("does not answer; is it running?");
  });
});

test("the ledger has every answered request, with the ids in order", async () => {
  await post("otlp/a", logs(1, 2));
  await call(logs(3));
  await sink.close();
  const lines = await readLedger(join(folder, "ledger"));
  expect(lines.map(({ listener, via, signal, ids }) => [listener, via, signal, ids.length])).toEqual([
    ["otlp/a", "http", "logs", 2],
    ["otlp/a", "grpc", "logs", 1],
  ]);
  expect(lines.flatMap(({ ids }) => ids)).toEqual(
    sink
      .listener("otlp/a")
      .holdings.held("logs")
      .map(({ id }) => id),
  );
});

test("a port in use is a failed start that says so and frees what it had taken", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(ANY, resolve));
  // A server that listens on TCP has an AddressInfo.
  const { port } = other.address() as AddressInfo;
  const taken = { host: "127.0.0.1", port };
  await expect(startSink({ listeners: [{ name: "a", http: ANY, grpc: taken }], clock: systemClock })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use; choose another address, or port 0`,
  );
  await new Promise((resolve) => other.close(resolve));
});
