/** `rondo up`, or one role, as users run it: its own process, from its own command, on ports that stay the same over restarts. */
import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePorts } from "./free-port.ts";
import { parseMetrics, type Sample } from "./metrics-page.ts";

const COMMAND = new URL("../../packages/cli/bin/rondo", import.meta.url).pathname;
const START_MS = 60_000;
const ANSWER_MS = 10_000;

/** The ports that a configuration names. */
export interface Ports {
  readonly grpc: number;
  readonly http: number;
  readonly metrics: number;
  readonly health: number;
}

/** What a rig may want to be different. */
export interface RondoOptions {
  /** What runs; `up` unless told otherwise. */
  readonly command?: "up" | "gateway" | "worker" | "alerts";
  /** Further flags of the command. */
  readonly flags?: readonly string[];
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its data; `folder/data` unless told otherwise. */
  readonly data?: string;
  /** A program, with its arguments, that is started instead and is told to run the command: a tracer. */
  readonly under?: readonly string[];
}

/** A process that can be started, killed and started again on the same data. */
export interface RondoProcess {
  readonly ports: Ports;
  /** The file of its configuration and the folder of its data. */
  readonly config: string;
  readonly data: string;
  /** The pid of the last start; throws when it does not run. */
  readonly pid: number;
  /** Starts it; resolves as soon as the process exists. Throws when it already runs. */
  launch(): void;
  /** Resolves when it says that it is ready. Throws with the end of its log when it does not within 20 s. */
  ready(): Promise<void>;
  /** kill -9, then waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves to the exit code of its orderly end. */
  stop(): Promise<number>;
  /** Its own metrics now. */
  metrics(): Promise<readonly Sample[]>;
  /** Everything that it wrote, of all its starts. */
  logged(): string;
  /** The last lines of that. */
  logTail(): string;
}

/** No process outlives an orderly end of ours. */
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** Four free ports. */
export async function choosePorts(): Promise<Ports> {
  const [grpc = 0, http = 0, metrics = 0, health = 0] = await freePorts(4);
  return { grpc, http, metrics, health };
}

/** Prepares the command in `folder`, which takes its configuration, its log and its data. */
export function prepareRondo(folder: string, ports: Ports, yaml: string, options: RondoOptions = {}): RondoProcess {
  const config = join(folder, "rondo.yaml");
  const log = join(folder, "rondo.log");
  writeFileSync(config, yaml);
  const out = openSync(log, "a");
  const address = (port: number) => `127.0.0.1:${port}`;
  const data = options.data ?? join(folder, "data");
  const { command = "up" } = options;
  const args = [command, "--config", config, "--data", data, ...(options.flags ?? [])];
  args.push("--metrics-address", address(ports.metrics), "--health-address", address(ports.health));
  let child: ChildProcess | undefined;
  let gone: Promise<number> = Promise.resolve(0);
  const logged = () => readFileSync(log, "utf8");
  const logTail = () => logged().split("\n").slice(-15).join("\n");
  const running = () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new Error(`rondo ${command} is not running:\n${logTail()}`);
    return child;
  };
  return {
    ports,
    config,
    data,
    get pid() {
      return running().pid ?? 0;
    },
    logged,
    logTail,
    launch() {
      if (child !== undefined && child.exitCode === null && child.signalCode === null)
        throw new Error(`rondo ${command} already runs`);
      const [program = COMMAND, ...rest] = [...(options.under ?? []), COMMAND, ...args];
      const started = spawn(program, rest, {
        stdio: ["ignore", out, out],
        env: { ...process.env, ...options.env },
      });
      alive.add(started);
      gone = new Promise((resolve) =>
        started.on("exit", (code) => {
          alive.delete(started);
          resolve(code ?? -1);
        }),
      );
      child = started;
    },
    async ready() {
      const deadline = performance.now() + START_MS;
      while (performance.now() < deadline) {
        running();
        const response = await fetch(`http://${address(ports.health)}/`).catch(() => undefined);
        await response?.arrayBuffer();
        if (response?.status === 200) return;
        await pause(20);
      }
      throw new Error(`rondo ${command} is not ready after ${START_MS} ms:\n${logTail()}`);
    },
    async kill() {
      running().kill("SIGKILL");
      await gone;
    },
    async stop() {
      running().kill("SIGTERM");
      const hard = setTimeout(() => child?.kill("SIGKILL"), 30_000);
      const code = await gone;
      clearTimeout(hard);
      return code;
    },
    async metrics() {
      // One that is frozen takes the question and says nothing.
      const signal = AbortSignal.timeout(ANSWER_MS);
      const response = await fetch(`http://${address(ports.metrics)}/metrics`, { signal });
      return parseMetrics(await response.text());
    },
  };
}
