/** `rondo up` as a victim: its memory is watched, its log is read for errors, and what it accepts must come through its worker. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { SIGNALS } from "@rondo/otlp";
import { freePorts } from "./free-port.ts";
import { type Sample, sumOf } from "./metrics-page.ts";
import { choosePorts, type Ports, prepareRondo } from "./rondo-process.ts";

/** How long the worker may be behind what was accepted. */
const BEHIND_MS = 60_000;
const SAMPLE_MS = 20;

/** Its ports. */
export interface WatchedPorts extends Ports {
  readonly shared: number;
}

/** A process under attack. */
export interface WatchedRondo extends AsyncDisposable {
  /** Those of a receiver with a port for each protocol, and that of one with one port for both. */
  readonly ports: WatchedPorts;
  /** Anonymous memory now, bytes. */
  memory(): number;
  /** The most of it while `run` ran, by samples. */
  peakDuring(run: () => Promise<unknown>): Promise<number>;
  /**
   * Rejects unless it is the process that was started, logged no error since the last time, and delivered everything that it accepted
   * without dropping any, but for items that are malformed inside.
   */
  check(): Promise<void>;
}

function yamlOf({ grpc, http, shared }: WatchedPorts, limitMib: number | undefined): string {
  const limiter = limitMib === undefined ? "" : "memory_limiter, ";
  return `receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}, http: {endpoint: "127.0.0.1:${http}"}}}
  otlp/shared: {protocols: {grpc: {endpoint: "127.0.0.1:${shared}"}, http: {endpoint: "127.0.0.1:${shared}"}}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: ${limitMib ?? 512}, spike_limit_mib: 16}
  attributes: {actions: [{key: seen, value: "yes", action: upsert}]}
exporters: {debug: {verbosity: basic}}
service:
  pipelines:
${SIGNALS.map((signal) => `    ${signal}: {receivers: [otlp, otlp/shared], processors: [${limiter}attributes], exporters: [debug]}`).join("\n")}
`;
}

/** Starts it in `folder`; with a memory limiter when a limit is given. */
export async function startWatchedRondo(folder: string, limitMib?: number): Promise<WatchedRondo> {
  const [shared = 0] = await freePorts(1);
  const ports = { ...(await choosePorts()), shared };
  const rondo = prepareRondo(folder, ports, yamlOf(ports, limitMib));
  rondo.launch();
  await rondo.ready();
  const { pid } = rondo;
  let read = 0;
  const memory = () => {
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return Number(kibibytes) * 1024;
  };
  return {
    ports,
    memory,
    async peakDuring(run) {
      let peak = memory();
      const sampling = setInterval(() => {
        peak = Math.max(peak, memory());
      }, SAMPLE_MS);
      try {
        await run();
      } finally {
        clearInterval(sampling);
      }
      return peak;
    },
    async check() {
      // Throws when it is gone.
      if (rondo.pid !== pid) throw new Error("the process is another one");
      const said = rondo.logged().slice(read);
      read += said.length;
      const errors = said.split("\n").filter((line) => /"level":"(?:error|fatal)"/.test(line));
      if (errors.length > 0) throw new Error(`the process logged ${errors.slice(0, 3).join("; ")}`);
      await through(() => rondo.metrics());
    },
    async [Symbol.asyncDispose]() {
      await rondo.stop();
    },
  };
}

async function through(page: () => Promise<readonly Sample[]>): Promise<void> {
  const deadline = performance.now() + BEHIND_MS;
  for (;;) {
    const samples = await page();
    // What is malformed inside an item is found by the worker, unless the gateway validates in full.
    const invalid = sumOf(samples, "rondo_items_dropped_total", { reason: "invalid_item" });
    const dropped = sumOf(samples, "rondo_items_dropped_total") - invalid;
    const dead = sumOf(samples, "rondo_items_dead_lettered_total");
    if (dropped + dead > 0) throw new Error(`${dropped} items were dropped, ${dead} dead-lettered`);
    const accepted = sumOf(samples, "rondo_items_accepted_total");
    if (sumOf(samples, "rondo_items_delivered_total") + invalid >= accepted) return;
    if (performance.now() > deadline) throw new Error("what was accepted was not delivered");
    await pause(100);
  }
}
