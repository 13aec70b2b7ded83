/**
 * A gateway alone in a process of its own, over a log that can be held: what `rondo up` starts of it, with the figures that only
 * the process itself can tell. Forked by gateway-process.ts.
 */
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { RAW_TOPICS } from "@rondo/broker";
import { openEmbedded } from "@rondo/broker/embedded";
import { COMPONENT_TYPES } from "@rondo/cli";
import { loadConfig } from "@rondo/config";
import { silentLog, systemClock } from "@rondo/core";
import { creditsFrom, noMetrics, startGateway } from "@rondo/gateway";
import { anonymousBytes } from "@rondo/monitor";
import { SIGNALS } from "@rondo/otlp";
import { countingLog } from "./counting-log.ts";
import type { GatewayFigures, GatewayProcessOptions, Order, Report } from "./gateway-process.ts";

const RESOLUTION_MS = 10;
const SAMPLE_MS = 20;
/** The Collector's default spike limit, a fifth of the limit. */
const SPIKE_DIVISOR = 5;
/** Of a log that only counts. */
const PARTITIONS = 4;

// The parent serialises the type that it names.
const options: GatewayProcessOptions = JSON.parse(process.argv[2] ?? "{}");
const tell = (report: Report) => void process.send?.(report);

const { graph, problems } = loadConfig({
  files: [{ name: "gateway.yaml", text: options.yaml }],
  sets: [],
  env: () => undefined,
  types: COMPONENT_TYPES,
});
if (graph === undefined) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));

let held = Promise.withResolvers<void>();
held.resolve();

const opened = await openEmbedded({ directory: options.data, clock: systemClock, log: silentLog });
await opened.ensureTopics(SIGNALS.map((signal) => ({ name: RAW_TOPICS[signal] })));
const broker = options.log === "counter" ? countingLog(opened.state, PARTITIONS) : opened;
const { limitMib } = options;
const limit = limitMib << 20;
const gateway = await startGateway({
  ...graph,
  broker: {
    state: broker.state,
    partitions: (topic) => broker.partitions(topic),
    async append(...given) {
      await held.promise;
      return await broker.append(...given);
    },
  },
  lingerMs: graph.broker.lingerMs,
  creditsBytes: creditsFrom(limit, limit / SPIKE_DIVISOR, anonymousBytes()),
  memory: { limitBytes: limit, usedBytes: anonymousBytes, collect: () => globalThis.gc?.() },
  metrics: noMetrics,
  collect: () => globalThis.gc?.({ type: "minor" }),
  log: silentLog,
  clock: systemClock,
  random: Math.random,
  instance: "rig",
});

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let peak = 0;
let isSampling = false;

/** From the first question on; until then nothing is measured, so that a bench sees the gateway alone. */
function sample(): void {
  if (isSampling) return;
  isSampling = true;
  delay.enable();
  setInterval(() => {
    peak = Math.max(peak, anonymousBytes());
  }, SAMPLE_MS);
}
let cpu = process.cpuUsage();
let waited = waitedMs();
let since = performance.now();

/** Milliseconds that the main thread has been ready to run and had no core. https://docs.kernel.org/scheduler/sched-stats.html */
function waitedMs(): number {
  const [, ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
  return Number(ns) / 1e6;
}

/** Since the last time that they were asked for. */
function figures(): GatewayFigures {
  sample();
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  const waitedShare = (waitedMs() - waited) / (performance.now() - since);
  waited = waitedMs();
  since = performance.now();
  // The histogram holds whole intervals of the timer.
  const loopP99Ms = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS);
  const now = { loopP99Ms, waitedShare, peakMib: peak / (1 << 20), cpuSeconds: (user + system) / 1e6 };
  delay.reset();
  peak = 0;
  return { ...now, inUseMib: gateway.admission.inUse / (1 << 20), creditsMib: gateway.admission.ceiling / (1 << 20) };
}

async function end(): Promise<void> {
  await gateway.drain(5_000);
  await gateway.close();
  await opened.close();
  process.exit(0);
}

process.on("message", (order: Order) => {
  if (order === "hold") held = Promise.withResolvers();
  else if (order === "release") held.resolve();
  else if (order === "figures") tell({ kind: "figures", figures: figures() });
  else void end();
});
// Whoever forked it is gone.
process.on("disconnect", () => process.exit(1));
tell({ kind: "ready", addresses: gateway.addresses });
