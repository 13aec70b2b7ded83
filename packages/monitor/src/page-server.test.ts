import { once } from "node:events";
import { connect } from "node:net";
import { type Clock, Fault, systemClock } from "@rondo/core";
import { afterEach, expect, test } from "vitest";
import { goDuration, startHealth } from "./health.ts";
import { startMetrics } from "./metrics-server.ts";
import { PAGE_SERVER_LIMITS, type PageServer } from "./page-server.ts";
import { Readiness } from "./readiness.ts";
import { createRegistry } from "./registry.ts";

const started: PageServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
});

async function metricsOf(registry = createRegistry()) {
  const server = await startMetrics({ host: "127.0.0.1", port: 0, registry, clock: systemClock });
  started.push(server);
  return { server, url: `http://${server.address}` };
}

/** Sends raw bytes and returns everything that comes back until the server closes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.write(bytes);
  await once(socket, "close");
  return answer;
}

test("metrics answer in the format that the client asks for", async () => {
  const registry = createRegistry();
  registry.counter("rondo_log_fsyncs_total", {}).add(3);
  const { url } = await metricsOf(registry);
  const text = await fetch(`${url}/metrics?x=1`);
  expect(text.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await text.text()).toContain("\nrondo_log_fsyncs_total 3\n");
  const open = await fetch(`${url}/metrics`, { headers: { accept: "application/openmetrics-text" } });
  expect(open.headers.get("content-type")).toMatch(/^application\/openmetrics-text/);
  expect(await open.text()).toMatch(/# EOF\n$/);
});

test("figures that cost a wait are awaited; when they fail, the page shows older ones", async () => {
  const registry = createRegistry();
  const lag = registry.gauge("rondo_log_size_bytes", {});
  let works = true;
  let hangs = false;
  const before = async () => {
    await Promise.resolve();
    if (hangs) await new Promise(() => undefined);
    if (!works) throw new Error("the log does not answer");
    lag.set(7);
  };
  // Two seconds for a page are two hundredths here.
  const clock: Clock = { ...systemClock, after: (ms, run, how) => systemClock.after(ms / 100, run, how) };
  const server = await startMetrics({ host: "127.0.0.1", port: 0, registry, clock, before });
  started.push(server);
  const page = async () => (await fetch(`http://${server.address}/metrics`)).text();
  expect(await page()).toContain("rondo_log_size_bytes 7\n");
  works = false;
  expect(await page()).toMatch(/ 7\n(?:.*\n)*rondo_scrape_errors_total 1\n/);
  hangs = true;
  expect(await page()).toMatch(/ 7\n(?:.*\n)*rondo_scrape_errors_total 2\n/);
});

test("other methods and paths are refused with what there is", async () => {
  const { url } = await metricsOf();
  const posted = await fetch(`${url}/metrics`, { method: "POST", body: "x" });
  expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const missing = await fetch(`${url}/nothing`);
  expect([missing.status, await missing.text()]).toEqual([404, "404 not found, here are: /metrics\n"]);
  const head = await fetch(`${url}/metrics`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("garbage and headers over the bound end their own connection only", async () => {
  const { server, url } = await metricsOf();
  expect(await raw(server.port, "\x16\x03\x01garbage\r\n\r\n")).toMatch(/^HTTP\/1.1 400/);
  const big = "x".repeat(PAGE_SERVER_LIMITS.headerBytes);
  expect(await raw(server.port, `GET /metrics HTTP/1.1\r\nhost: x\r\nx: ${big}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
});

test("a request with a body is refused and its connection ends", async () => {
  const { server } = await metricsOf();
  const answer = await raw(server.port, "GET /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1.1 400/);
});

test("closing ends open connections", async () => {
  const { server } = await metricsOf();
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write("GET /metrics HTTP/1.1\r\n");
  const closed = new Promise((resolve) => socket.on("error", () => {}).on("close", resolve));
  await server.close();
  await closed;
});

test("a port in use is a startup fault that names address and flag", async () => {
  const { server } = await metricsOf();
  const again = startMetrics({ host: "127.0.0.1", port: server.port, registry: createRegistry(), clock: systemClock });
  await expect(again).rejects.toThrow(Fault);
  await expect(again).rejects.toMatchObject({
    code: "startup",
    message: `metrics address 127.0.0.1:${server.port} is in use by another process; stop it or choose another address with --metrics-address`,
  });
  const elsewhere = startMetrics({ host: "192.0.2.1", port: 0, registry: createRegistry(), clock: systemClock });
  await expect(elsewhere).rejects.toMatchObject({ code: "startup", message: expect.stringContaining("192.0.2.1") });
});

test("health is 503 with reasons until everything holds, then the Collector's 200", async () => {
  let now = Date.UTC(2026, 0, 1);
  const clock: Clock = { ...systemClock, now: () => now };
  const readiness = new Readiness(clock);
  readiness.lacks("broker", "opening");
  const server = await startHealth({ host: "127.0.0.1", port: 0, path: "/up", readiness, clock });
  started.push(server);
  const url = `http://${server.address}/up`;
  const down = await fetch(url);
  expect(down.status).toBe(503);
  expect(await down.json()).toEqual({
    status: "Server not available",
    upSince: "0001-01-01T00:00:00Z",
    uptime: "",
    reasons: [{ condition: "broker", reason: "opening" }],
  });
  readiness.holds("broker");
  now += 61_500;
  const up = await fetch(url);
  expect([up.status, up.headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(await up.json()).toEqual({
    status: "Server available",
    upSince: "2026-01-01T00:00:00.000Z",
    uptime: "1m1.5s",
  });
});

test.each([
  [0, "0s"],
  [-5, "0s"],
  [250, "250ms"],
  [1_000, "1s"],
  [61_500, "1m1.5s"],
  [3_600_000, "1h0m0s"],
  [90_061_001, "25h1m1.001s"],
])("%d ms are %s", (ms, written) => {
  expect(goDuration(ms)).toBe(written);
});
