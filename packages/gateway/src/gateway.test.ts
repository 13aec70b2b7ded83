import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { exportLogs, postLogs } from "./clients.cases.ts";
import { noMetrics, otlpReceiver, registryMetrics, startGateway } from "./index.ts";
import { bind } from "./listener.ts";
import { durableNames, pipelines, receiverValues, request, rig } from "./rig.cases.ts";

const post = (port: number, body: Uint8Array) =>
  fetch(`http://127.0.0.1:${port}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: new Uint8Array(body),
  });

async function start(over: Partial<Parameters<typeof startGateway>[0]>) {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "otlp_logs" }]);
  return startGateway({
    receivers: [],
    pipelines: pipelines(["logs"]),
    broker,
    lingerMs: 1,
    creditsBytes: 128 << 20,
    metrics: noMetrics,
    log: silentLog,
    clock: systemClock,
    random: () => 0,
    instance: "test",
    ...over,
  });
}

test("a port in use is a startup fault with its key, and nothing is left listening", async () => {
  const taken = createServer();
  const { port } = await bind(taken, { host: "127.0.0.1", port: 0 }, "k");
  const endpoint = (at: number) => ({ endpoint: `127.0.0.1:${at}` });
  const values = receiverValues({ protocols: { grpc: endpoint(0), http: endpoint(port) } });
  const receivers = [{ id: "otlp", type: otlpReceiver, values }];
  await expect(start({ receivers })).rejects.toMatchObject({
    code: "startup",
    message: expect.stringMatching(/^receivers::otlp::protocols::http::endpoint: .* is in use by another process/),
  });
  taken.close();
});

test("a receiver that no pipeline names is not started, as in the Collector", async () => {
  const values = receiverValues({ protocols: { grpc: null } });
  const gateway = await start({ receivers: [{ id: "otlp/unused", type: otlpReceiver, values }] });
  expect(gateway.addresses).toEqual([]);
  await gateway.close();
});

test("a unix socket takes both protocols, and is gone after the end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rondo-unix-"));
  const [grpc, http] = [join(folder, "grpc.sock"), join(folder, "http.sock")];
  const unix = (endpoint: string) => ({ endpoint, transport: "unix" });
  const it = await rig({ grpc: unix(grpc), http: unix(http) });
  expect(it.gateway.addresses.map(({ text, port }) => [text, port])).toEqual([
    [grpc, 0],
    [http, 0],
  ]);
  const body = request("logs", ["a"]);
  expect(await exportLogs(grpc, body)).toMatchObject({ status: 0 });
  expect(await postLogs(http, body)).toMatchObject({ status: 200 });
  expect(durableNames(it.broker, "logs")).toEqual(["a", "a"]);
  await it.gateway.close();
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("a drain answers what has arrived, writes what lingers, and takes nothing new", async () => {
  await using it = await rig({ lingerMs: 60_000 });
  const lingering = post(it.http, request("logs", ["a"]));
  await expect.poll(() => it.gateway.admission.inUse).toBeGreaterThan(0);
  expect(await it.gateway.drain(5_000)).toBe(0);
  expect((await lingering).status).toBe(200);
  expect(durableNames(it.broker, "logs")).toEqual(["a"]);
  expect(await it.broker.state.list("gateway/test/")).toHaveLength(1);
  await expect(post(it.http, request("logs", ["b"]))).rejects.toThrow();
});

test("a drain says how many requests it could not answer in time", async () => {
  await using it = await rig();
  const held = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => held.promise;
  const stuck = post(it.http, request("logs", ["a"]));
  await expect.poll(() => it.gateway.admission.inUse).toBeGreaterThan(0);
  expect(await it.gateway.drain(50)).toBe(1);
  held.resolve();
  expect((await stuck).status).toBe(200);
});

test("counts reach the registry, and go on where the last process stopped", async () => {
  const first = createRegistry();
  const before = await rig({ metrics: registryMetrics(first) });
  await post(before.http, request("logs", ["a", "b"]));
  const count = (registry: typeof first, name: string) =>
    registry
      .snapshot()
      .filter((sample) => sample.name === name)
      .map(({ labels, value }) => [labels.get("component"), value]);
  expect(count(first, "rondo_items_accepted_total")).toEqual([["otlp", 2]]);
  expect(count(first, "rondo_requests_total")).toEqual([["otlp", 1]]);
  expect(count(first, "rondo_gateway_credit_bytes")).toEqual([["", 128 << 20]]);
  await before.gateway.close();
  const second = createRegistry();
  await using after = await rig({ metrics: registryMetrics(second), broker: before.broker });
  expect(count(second, "rondo_items_accepted_total")).toEqual([["otlp", 2]]);
  expect(after.gateway.totals()).toMatchObject([{ accepted: 2 }]);
});

test("requests are joined into records, and spread over partitions by service", async () => {
  await using it = await rig({ partitions: 8, lingerMs: 200 });
  const services = Array.from({ length: 24 }, (_, i) => `svc-${i}`);
  const replies = await Promise.all(services.map((service) => post(it.http, request("logs", [service], service))));
  expect(replies.map(({ status }) => status)).toEqual(services.map(() => 200));
  expect(durableNames(it.broker, "logs").sort()).toEqual(services.toSorted());
  const records = it.broker.records("otlp_logs");
  expect(records.length).toBeGreaterThan(1);
  expect(records.length).toBeLessThanOrEqual(16);
});
