/**
 * One tenant offers a hundred times its rate, or all that the gateway can hold: the other one hardly notices, loses nothing and is
 * never refused, and the noisy one is told each time when to come back. Twenty seconds; with RONDO_LONG=1 five minutes.
 */
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../rig/gateway-process.ts";
import { logsRequest, textsInLog } from "../rig/log-texts.ts";
import type { NoisyOptions, NoisyReport } from "../rig/noisy-client.ts";
import { HTTP_PATHS } from "../rig/otlp-transport.ts";
import { testFolder } from "./road.ts";

const LONG = process.env["RONDO_LONG"] === "1";
const BASE_MS = LONG ? 60_000 : 8_000;
const NOISE_MS = LONG ? 300_000 : 12_000;
/** The quiet tenant: five items, twenty times a second, half of its rate. */
const QUIET = { items: 5, everyMs: 50 };
const ITEMS_PER_SECOND = 200;
/** The noisy one: fifty items, 400 times a second. */
const NOISY = { items: 50, perSecond: (100 * ITEMS_PER_SECOND) / 50 };
/** On a machine whose cores are others' for more of the time than this, times say nothing of the gateway. */
const BUSY = 0.05;

const yaml = (tenants: string) => `extensions:
  bearertokenauth: {tenants: {quiet: {token: quiet-token}, noisy: {token: noisy-token}}}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0", auth: {authenticator: bearertokenauth}}}}
exporters: {debug: {}}
${tenants}
service: {extensions: [bearertokenauth], pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}
`;

/** Starts the noisy tenant; the function ends it and answers what it was told. */
function makeNoise(port: number, body: Buffer, perSecond: number): () => Promise<NoisyReport> {
  const workerData: NoisyOptions = { port, path: HTTP_PATHS.logs, token: "noisy-token", body, perSecond };
  const worker = new Worker(new URL("../rig/noisy-client.ts", import.meta.url), { workerData, execArgv: [] });
  onTestFinished(async () => void (await worker.terminate()));
  return () => {
    // What comes from there is of this type.
    const report = new Promise<NoisyReport>((resolve) =>
      worker.once("message", (told) => resolve(told as NoisyReport)),
    );
    worker.postMessage("end");
    return report;
  };
}

interface Quiet {
  readonly acknowledged: readonly string[];
  readonly refusals: readonly number[];
  readonly p99Ms: number;
}

let sequence = 0;

/** The quiet tenant for so long: what it was acknowledged, and how long it waited for that. */
async function beQuiet(port: number, agent: Agent, forMs: number): Promise<Quiet> {
  const acknowledged: string[] = [];
  const refusals: number[] = [];
  const waits: number[] = [];
  const headers = { "content-type": "application/x-protobuf", authorization: "Bearer quiet-token" };
  const send = (texts: readonly string[]) =>
    new Promise<void>((resolve) => {
      const began = performance.now();
      const call = request(
        { agent, host: "127.0.0.1", port, path: HTTP_PATHS.logs, method: "POST", headers },
        (reply) => {
          reply.resume();
          reply.on("end", () => {
            waits.push(performance.now() - began);
            if (reply.statusCode === 200) acknowledged.push(...texts);
            else refusals.push(reply.statusCode ?? 0);
            resolve();
          });
        },
      );
      call.on("error", () => {
        refusals.push(0);
        resolve();
      });
      call.end(logsRequest(texts, "quiet"));
    });
  const sending: Promise<void>[] = [];
  for (const end = performance.now() + forMs; performance.now() < end; await pause(QUIET.everyMs)) {
    sending.push(send(Array.from({ length: QUIET.items }, () => `quiet-${++sequence};`)));
  }
  await Promise.all(sending);
  waits.sort((a, b) => a - b);
  return { acknowledged, refusals, p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0 };
}

async function start(
  tenants: string,
): Promise<{ readonly data: string; readonly gateway: GatewayProcess; agent: Agent }> {
  const data = testFolder();
  const gateway = await startGatewayProcess({ yaml: yaml(tenants), data, limitMib: 256, log: "embedded" });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return { data, gateway, agent };
}

test("a hundred times its rate", { timeout: BASE_MS + NOISE_MS + 60_000 }, async ({ annotate }) => {
  const { data, gateway, agent } = await start(`tenants: {limits: {items_per_second: ${ITEMS_PER_SECOND}, burst: 1s}}`);
  const port = gateway.port("http");
  // The first requests compile code.
  await beQuiet(port, agent, 2_000);
  await gateway.figures();
  const before = await beQuiet(port, agent, BASE_MS);
  const hush = makeNoise(port, logsRequest(Array(NOISY.items).fill("noise"), "noisy"), NOISY.perSecond);
  await pause(1_000);
  const during = await beQuiet(port, agent, NOISE_MS);
  const { waitedShare } = await gateway.figures();
  const noise = await hush();
  await gateway.end();
  await annotate(
    `p99 alone ${before.p99Ms.toFixed(1)} ms, beside the noise ${during.p99Ms.toFixed(1)} ms; noisy: ${noise.accepted} accepted, ` +
      `${noise.refused} refused; waiting for a core ${(100 * waitedShare).toFixed(0)} %`,
  );
  expect(before.refusals).toEqual([]);
  expect(during.refusals).toEqual([]);
  expect(noise).toMatchObject({ undelayed: 0, statuses: [429] });
  // Its rate, its burst, and what overdrew it: requests of fifty items, four a second.
  expect(noise.accepted).toBeGreaterThan(0);
  expect(noise.accepted * NOISY.items).toBeLessThanOrEqual(ITEMS_PER_SECOND * (NOISE_MS / 1_000 + 10));
  const found = await textsInLog(data, /quiet-\d+;/g, "quiet");
  expect([...before.acknowledged, ...during.acknowledged].filter((text) => !found.has(text))).toEqual([]);
  // Of the few requests of the short form the slowest decides.
  if (waitedShare < BUSY) expect(during.p99Ms).toBeLessThan((LONG ? 2 : 4) * before.p99Ms);
});

test("all that the gateway can hold, while the log stands still", async () => {
  const { data, gateway, agent } = await start("");
  const port = gateway.port("http");
  // From here on neither is alone.
  expect((await beQuiet(port, agent, 200)).refusals).toEqual([]);
  gateway.hold();
  const hush = makeNoise(port, logsRequest(Array(500).fill("x".repeat(2_000)), "noisy"), 100);
  await expect
    .poll(async () => {
      const { inUseMib, creditsMib } = await gateway.figures();
      return inUseMib / creditsMib;
    })
    // Four fifths, less what the next request would not fit into.
    .toBeGreaterThan(0.75);
  const quiet = beQuiet(port, agent, 3_000);
  await pause(3_500);
  gateway.release();
  const { acknowledged, refusals } = await quiet;
  const noise = await hush();
  await gateway.end();
  expect(refusals).toEqual([]);
  expect(noise.refused).toBeGreaterThan(0);
  // 429 while it has its part, 503 at the gateway's own deadline; each with a delay.
  expect(noise.undelayed).toBe(0);
  expect(noise.statuses).toContain(429);
  const found = await textsInLog(data, /quiet-\d+;/g, "quiet");
  expect(acknowledged.length).toBeGreaterThan(QUIET.items * 40);
  expect(acknowledged.filter((text) => !found.has(text))).toEqual([]);
});
