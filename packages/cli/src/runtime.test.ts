import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@rondo/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { graphOf } from "./configuration.cases.ts";
import { type RuntimeOptions, startWhole, type WholeRuntime } from "./runtime.ts";
import { Listening } from "./sink/listening.ts";

const NEVER = new AbortController().signal;
const ANY = { host: "127.0.0.1", port: 0 };
const RECEIVER = 'otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}';
const yaml = (exporter: string) => `
  receivers: {${RECEIVER}}
  exporters: {${exporter}}
  service: {pipelines: {logs: {receivers: [otlp], exporters: [${exporter.split(":", 1)}]}}}`;
const DEBUG = yaml("debug: {verbosity: basic}");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rondo-runtime-"));
});
afterEach(() => rm(folder, { recursive: true }));

function start(text: string, change: Partial<RuntimeOptions> = {}): Promise<WholeRuntime> {
  return startWhole({
    ...{ graph: graphOf(text), version: "1.2.3", data: folder, metrics: ANY, health: ANY, instance: "test" },
    ...{ clock: systemClock, random: Math.random, log: silentLog, rules: new Map(), abort: NEVER },
    ...change,
  });
}

/** Sends one log record; answers the status. */
async function send({ gateway }: WholeRuntime, more: Readonly<Record<string, string>> = {}): Promise<number> {
  const [http] = gateway.addresses;
  const { status } = await fetch(`http://127.0.0.1:${http?.port}/v1/logs`, {
    ...{ method: "POST", headers: { "content-type": "application/json", ...more } },
    body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "hello" } }] }] }] }),
  });
  return status;
}

const page = async (address: string, path: string) => await fetch(`http://${address}${path}`);

test("what is sent arrives and is counted, from the receiver through the log to the exporter; then it drains", async () => {
  const runtime = await start(DEBUG);
  expect((await page(runtime.healthAddress, "/")).status).toBe(200);
  expect(await send(runtime)).toBe(200);
  const metrics = async () => await (await page(runtime.metricsAddress, "/metrics")).text();
  const row = (component: string) => `{signal="logs",tenant="default",pipeline="logs",component="${component}"} 1\n`;
  await expect.poll(metrics).toContain(`rondo_items_delivered_total${row("debug")}`);
  const text = await metrics();
  expect(text).toContain(`rondo_items_forwarded_total${row("")}`);
  expect(text).toContain('rondo_items_accepted_total{signal="logs",tenant="default",component="otlp"} 1\n');
  expect(text).toContain('rondo_log_appended_records_total{topic="otlp_logs"} 1\n');
  expect(text).toMatch(/rondo_build_info\{version="1\.2\.3",/);
  expect(await runtime.drain(5_000)).toEqual({ requests: 0, groups: [] });
  await expect(page(runtime.healthAddress, "/")).rejects.toThrow();
});

test("what a drain cannot send in its time is named, and goes out after the next start", async () => {
  const nobody = await Listening.open(createServer(), ANY);
  const { port } = nobody.address;
  await nobody.shut();
  const away = yaml(`otlphttp: {endpoint: "http://127.0.0.1:${port}"}`);
  const runtime = await start(away);
  expect(await send(runtime)).toBe(200);
  await expect.poll(() => runtime.worker.ledger.rows().map(({ entered }) => entered)).toEqual([1, 1]);
  expect(await runtime.drain(50)).toEqual({ requests: 0, groups: [{ group: "rondo.logs.otlphttp", records: 1 }] });
  const again = await start(away);
  await expect.poll(() => again.worker.ledger.rows().map(({ inFlight }) => inFlight)).toEqual([0, 1]);
  expect((await again.drain(0)).groups).toEqual([{ group: "rondo.logs.otlphttp", records: 1 }]);
});

describe("a start that fails says why, and leaves nothing open behind it:", () => {
  test("a port that is taken", async () => {
    const other = await Listening.open(createServer(), ANY);
    const taken = { host: "127.0.0.1", port: other.address.port };
    await expect(start(DEBUG, { metrics: taken })).rejects.toMatchObject({
      code: "startup",
      message: expect.stringContaining(`127.0.0.1:${taken.port} is in use`),
    });
    // By then the log was open and the worker ran: a second start finds the folder free.
    await (await start(DEBUG)).drain(1_000);
    await other.shut();
  });

  test("a folder that another process holds", async () => {
    const first = await start(DEBUG);
    await expect(start(DEBUG)).rejects.toMatchObject({ code: "startup", message: expect.stringContaining(folder) });
    expect(await send(first)).toBe(200);
    await first.drain(1_000);
  });
});

test("the health page is where the extension says, unless the command line says otherwise", async () => {
  const configured = `
    receivers: {${RECEIVER}}
    exporters: {debug: {verbosity: basic}}
    extensions: {health_check: {endpoint: "127.0.0.1:0", path: /ready}}
    service: {extensions: [health_check], pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}`;
  const runtime = await startWhole({
    ...{ graph: graphOf(configured), version: "1.2.3", data: folder, metrics: ANY, instance: "test" },
    ...{ clock: systemClock, random: Math.random, log: silentLog, rules: new Map(), abort: NEVER },
  });
  expect((await page(runtime.healthAddress, "/ready")).status).toBe(200);
  expect((await page(runtime.healthAddress, "/")).status).toBe(404);
  await runtime.drain(1_000);
});

test("each credential is a tenant of its own on the whole road, and who has none is not let in", async () => {
  const runtime = await start(`
    receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0", auth: {authenticator: bearertokenauth}}}}}
    exporters: {debug: {verbosity: basic}}
    extensions: {bearertokenauth: {tenants: {site-a: {token: a}, site-b: {token: b}}}}
    service: {extensions: [bearertokenauth], pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}`);
  const bearer = (token: string) => send(runtime, { authorization: `Bearer ${token}` });
  expect([await bearer("a"), await bearer("b"), await bearer("c"), await send(runtime)]).toEqual([200, 200, 401, 401]);
  const delivered = () =>
    runtime.worker.ledger
      .rows()
      .flatMap(({ tenant, component, delivered }) => (component === "" ? [] : [[tenant, delivered]]));
  await expect
    .poll(() => delivered().toSorted())
    .toEqual([
      ["site-a", 1],
      ["site-b", 1],
    ]);
  await runtime.drain(1_000);
});
