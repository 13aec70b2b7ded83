/** `rondo up`, `gateway`, `worker` and `alerts`: roles in one process, until it is asked to stop; then it drains and says what is left. */
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Graph, NotYet } from "@rondo/config";
import { type Clock, Fault, fired, type Log, type Random } from "@rondo/core";
import { type LogLevel, METRICS_ADDRESS } from "@rondo/monitor";
import { parseAddress } from "../address.ts";
import { findingLine, loadRun, type Run } from "../load.ts";
import { EXIT, type Out } from "../out.ts";
import { type Leftover, ROLES, type Role, type Runtime, startRuntime } from "../runtime.ts";
import { startThreads } from "../threads/pool.ts";

/** The options as the command line gives them. */
export interface UpOptions {
  /** The command, as the user wrote it: `up` or a role. */
  readonly command: "up" | Role;

  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly data: string;
  readonly metricsAddress?: string;
  readonly healthAddress?: string;
  readonly instance?: string;
  readonly strict?: boolean;
  /** As ConfigArguments has them. */
  readonly featureGates?: readonly string[];
  /** Threads that the worker's readers run in; 1 is the process's own. */
  readonly threads?: number;
  /** Ids of removed exporters and pipelines whose backlog is to be dropped. */
  readonly dropBacklog?: readonly string[];
  readonly logLevel?: LogLevel;
  readonly logFormat?: "auto" | "pretty" | "json";
  /** Whether standard error is a terminal. */
  readonly terminal?: boolean;
  /** Milliseconds that a drain may take. */
  readonly drainMs: number;
}

/** What a process gives its command. */
export interface ProcessSurroundings {
  readonly out: Out;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  /** Fires when the process is asked to stop. */
  readonly abort: AbortSignal;
}

/** Runs until `abort`. Returns 0 after a drain that left nothing, 1 when it could not start or left something, 2 for a wrong configuration. */
export async function upCommand(options: UpOptions, around: ProcessSurroundings): Promise<number> {
  const { out, log, abort } = around;
  try {
    const run = await loadRun(options, out);
    if (run === undefined) return EXIT.usage;
    checkShared(run.graph, options);
    const runtime = await startConfigured(run, options, around);
    announce(runtime, options, log);
    await fired(abort);
    log.info("stopping: no new requests; what is in the log goes out", { seconds: options.drainMs / 1000 });
    const shared = run.graph.broker.kind === "kafka";
    return reportLeftover(await runtime.drain(options.drainMs), shared, log);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    // A bug keeps its stack: the caller prints it whole.
    if (fault.code === "bug") throw thrown;
    // Asked to stop while it waited for what it needs: there is nothing to drain.
    if (fault.code === "aborted" && abort.aborted) return EXIT.ok;
    out.error(`rondo ${options.command}: ${fault.message}`);
    return fault.code === "config" ? EXIT.usage : EXIT.failed;
  }
}

/** A role alone has its peers in other processes, which only a log that they share lets it reach. */
function checkShared({ broker, alerts, windows }: Graph, { command, threads = 1 }: UpOptions): void {
  if (command === "alerts" && alerts === undefined) {
    throw new Fault("config", "there is nothing to evaluate: add alerts::rules to the configuration");
  }
  if (broker.kind === "kafka") {
    // Windows in a folder are open in one process: nobody else could read what its worker writes.
    if (alerts === undefined || windows.store.kind === "redis" || (command === "up" && threads === 1)) return;
    throw new Fault("config", "workers and alert workers share their windows over Redis: add windows::redis::url");
  }
  const way = "add broker::kafka to the configuration, or run rondo up, which is every role in one process";
  if (command !== "up") throw new Fault("config", `the log on this machine belongs to one process: ${way}`);
  if (threads > 1) throw new Fault("config", `the log on this machine is read by one thread: ${way}`);
}

/** Starts a loaded configuration and tells the log what is odd in it and what is left out. */
export async function startConfigured(
  { graph, rules }: Run,
  options: Omit<UpOptions, "drainMs">,
  around: ProcessSurroundings,
): Promise<Runtime> {
  const { log } = around;
  const { command } = options;
  for (const warning of graph.warnings) log.warn(findingLine(warning));
  for (const left of graph.notYet) log.warn(notYetLine(left));
  const data = resolve(options.data);
  const { threads = 1 } = options;
  const metrics = parseAddress(
    "--metrics-address",
    options.metricsAddress ?? `${METRICS_ADDRESS.host}:${METRICS_ADDRESS.port}`,
  );
  const instance = options.instance ?? defaultInstance(graph, data, metrics.port);
  const { config, set, strict, featureGates, logLevel = "info", logFormat = "auto", terminal = false } = options;
  const settings = {
    config,
    set,
    ...(strict && { strict }),
    ...(featureGates && { featureGates }),
    logLevel,
    logFormat,
    terminal,
    instance,
  };
  return await startRuntime({
    ...around,
    graph,
    rules,
    roles: command === "up" ? ROLES : [command],
    data,
    metrics,
    ...(options.healthAddress !== undefined && { health: parseAddress("--health-address", options.healthAddress) }),
    instance,
    ...(options.dropBacklog && { dropBacklog: options.dropBacklog }),
    ...(threads > 1 && { threads: (inside) => startThreads({ threads, settings, ...around, ...inside }) }),
  });
}

/** Two processes of one host differ by what only one of them can hold: the folder of the log, else a port. */
function defaultInstance({ broker }: Graph, data: string, port: number): string {
  return `${hostname()}:${broker.kind === "embedded" || port === 0 ? data : port}`;
}

/** `not yet: receiver prometheus, 3 targets (left out of pipeline metrics)`. */
export function notYetLine({ kind, id, extent, pipelines }: NotYet): string {
  const out = pipelines.length === 0 ? "" : ` (left out of ${pipelines.join(", ")})`;
  return `not yet: ${kind} ${id}${extent === undefined ? "" : `, ${extent}`}${out}`;
}

/** The addresses that were bound, which with port 0 nobody knows before. */
function announce(runtime: Runtime, { data }: UpOptions, log: Log): void {
  for (const { receiver, protocol, text } of runtime.gateway?.addresses ?? []) {
    log.info(`receiver ${receiver} takes OTLP/${protocol} on ${text}`);
  }
  if (runtime.alerts !== undefined) log.info(`rules on http://${runtime.alerts.address}/api/v1/rules`);
  log.info(`metrics on http://${runtime.metricsAddress}/metrics, health on http://${runtime.healthAddress}/`);
  log.info("ready", { data: resolve(data) });
}

/** What a drain left, in sentences; empty when everything went out. */
export function leftoverLines({ requests, groups }: Leftover): string[] {
  return [
    ...(requests === 0 ? [] : [`${requests} requests were still unanswered; their clients will repeat them`]),
    ...groups.map(
      ({ group, records }) => `${group}: ${records} records stay in the log and go out after the next start`,
    ),
  ];
}

/** Exit code 1 when something stays, so that a script can tell a drained stop from an interrupted one. */
function reportLeftover(leftover: Leftover, shared: boolean, log: Log): number {
  const lines = leftoverLines(leftover);
  for (const line of lines) log.warn(line);
  const done = shared ? "nothing is left in hand" : "everything that was accepted has gone out";
  if (lines.length === 0) log.info(`stopped: ${done}`);
  return lines.length === 0 ? EXIT.ok : EXIT.failed;
}
