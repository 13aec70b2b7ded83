/** `rondo up`: every role of a configuration in one process, until it is asked to stop; then it drains and says what is left. */
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Graph, NotYet } from "@rondo/config";
import { type Clock, Fault, fired, type Log, type Random } from "@rondo/core";
import { METRICS_ADDRESS } from "@rondo/monitor";
import { parseAddress } from "../address.ts";
import { findingLine, loadGraph } from "../load.ts";
import { EXIT, type Out } from "../out.ts";
import { type Leftover, type Runtime, startRuntime } from "../runtime.ts";

/** The options as the command line gives them. */
export interface UpOptions {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly data: string;
  readonly metricsAddress?: string;
  readonly healthAddress?: string;
  readonly instance?: string;
  readonly strict?: boolean;
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
    const graph = await loadGraph(options, out);
    if (graph === undefined) return EXIT.usage;
    const runtime = await startConfigured(graph, options, around);
    announce(runtime, options, log);
    await fired(abort);
    log.info("stopping: no new requests; what is in the log goes out", { seconds: options.drainMs / 1000 });
    return reportLeftover(await runtime.drain(options.drainMs), log);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    // A bug keeps its stack: the caller prints it whole.
    if (fault.code === "bug") throw thrown;
    out.error(`rondo up: ${fault.message}`);
    return fault.code === "config" ? EXIT.usage : EXIT.failed;
  }
}

/** Starts a loaded configuration and tells the log what is odd in it and what is left out. */
export async function startConfigured(
  graph: Graph,
  options: Omit<UpOptions, "config" | "set" | "drainMs">,
  around: Omit<ProcessSurroundings, "abort">,
): Promise<Runtime> {
  const { log } = around;
  for (const warning of graph.warnings) log.warn(findingLine(warning));
  for (const left of graph.notYet) log.warn(notYetLine(left));
  const data = resolve(options.data);
  return await startRuntime({
    ...around,
    graph,
    data,
    metrics: parseAddress(
      "--metrics-address",
      options.metricsAddress ?? `${METRICS_ADDRESS.host}:${METRICS_ADDRESS.port}`,
    ),
    ...(options.healthAddress !== undefined && { health: parseAddress("--health-address", options.healthAddress) }),
    // Two processes of one host differ by their folder, which only one of them can hold.
    instance: options.instance ?? `${hostname()}:${data}`,
  });
}

/** `not yet: receiver prometheus, 3 targets (left out of pipeline metrics)`. */
export function notYetLine({ kind, id, extent, pipelines }: NotYet): string {
  const out = pipelines.length === 0 ? "" : ` (left out of ${pipelines.join(", ")})`;
  return `not yet: ${kind} ${id}${extent === undefined ? "" : `, ${extent}`}${out}`;
}

/** The addresses that were bound, which with port 0 nobody knows before. */
function announce(runtime: Runtime, { data }: UpOptions, log: Log): void {
  for (const { receiver, protocol, host, port } of runtime.gateway.addresses) {
    log.info(`receiver ${receiver} takes OTLP/${protocol} on ${host}:${port}`);
  }
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
function reportLeftover(leftover: Leftover, log: Log): number {
  const lines = leftoverLines(leftover);
  for (const line of lines) log.warn(line);
  if (lines.length === 0) log.info("stopped: everything that was accepted has gone out");
  return lines.length === 0 ? EXIT.ok : EXIT.failed;
}
