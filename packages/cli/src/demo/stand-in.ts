/** Puts a sink, a process of its own, in the place of a configuration's backends: one pair of ports per exporter. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Graph } from "@rondo/config";
import { type Clock, Fault } from "@rondo/core";
import { type SinkClient, sinkClient } from "../sink/client.ts";

/** An exporter that a sink can stand in for, or one that prints here. */
export interface StoodIn {
  readonly id: string;
  readonly type: string;
}

/** A running sink process. */
export interface StandIn {
  readonly client: SinkClient;
  /** What to override so that the exporters send to the sink, as `--set` takes it. */
  readonly sets: readonly string[];
  /** Ends the process. */
  stop(): Promise<void>;
}

/** Which of a sink's ports an exporter type speaks to. */
const FLAGS: Readonly<Record<string, "--grpc" | "--http">> = { otlp: "--grpc", otlphttp: "--http" };

/** The exporters of a configuration, each once, in the order of the pipelines. */
export function exportersOf(graph: Graph): readonly StoodIn[] {
  const found = new Map<string, StoodIn>();
  for (const { exporters } of graph.pipelines) {
    for (const { id, type } of exporters) found.set(id, { id, type: type.type });
  }
  return [...found.values()];
}

/** Whether a sink can stand in for this exporter. */
export function speaksOtlp({ type }: StoodIn): boolean {
  return FLAGS[type] !== undefined;
}

/** How long a sink may take to say its addresses, milliseconds. */
const START_MS = 10_000;

/** What starting a stand-in takes. */
export interface StandInOptions {
  /** Those that the sink stands in for; each gets a listener of its protocol. */
  readonly exporters: readonly StoodIn[];
  /** The attribute keys that the configuration inserts. */
  readonly ignore: readonly string[];
  /** The file that this process was started with. */
  readonly main: string;
  readonly clock: Clock;
  /** Ends every question to the sink that is under way. */
  readonly abort: AbortSignal;
}

/**
 * Starts `rondo sink` with one listener per exporter and waits until it has said its addresses. Throws a `startup` Fault
 * when it does not start, after ending it.
 */
export async function startStandIn({ exporters, ignore, main, clock, abort }: StandInOptions): Promise<StandIn> {
  const flags = exporters.flatMap(({ id, type }) => [FLAGS[type] ?? "--http", `${id}=127.0.0.1:0`]);
  const child = spawn(
    process.execPath,
    [
      ...[...process.execArgv, main, "sink", "--until-stdin-ends"],
      ...[...flags, ...ignore.flatMap((key) => ["--ignore", key])],
    ],
    {
      // Nothing is ever written to its input: the system closes it when this process is gone, however that ended.
      stdio: ["pipe", "pipe", "inherit"],
      // Ctrl-C in the terminal is for the process that was started there; this one is ended after the drain.
      detached: true,
    },
  );
  try {
    const addresses = await sinkAddresses(child, clock);
    const sets = exporters.map(({ id }) => {
      const address = addresses.listening.get(id);
      if (address === undefined) throw new Fault("bug", `the sink has no listener for ${id}`);
      return `exporters::${id}::endpoint=${address}`;
    });
    return { client: sinkClient(addresses.status, abort), sets, stop: () => stopped(child) };
  } catch (thrown) {
    // The caller, who gets no `stop` to call, could not end it.
    await stopped(child);
    throw thrown;
  }
}

interface SinkAddresses {
  readonly listening: ReadonlyMap<string, string>;
  readonly status: string;
}

/** Reads `listening NAME PROTOCOL ADDRESS` lines up to `status ADDRESS`. */
async function sinkAddresses(child: ChildProcess, clock: Clock): Promise<SinkAddresses> {
  const listening = new Map<string, string>();
  const { promise, resolve, reject } = Promise.withResolvers<SinkAddresses>();
  const failed = (why: string) => reject(new Fault("startup", `the sink that stands in for the backends ${why}`));
  const cancel = clock.after(START_MS, () => failed(`said no address within ${START_MS / 1000} s`));
  child.once("error", ({ message }) => failed(`could not be started: ${message}`));
  child.once("exit", (code) => failed(`ended at its start with code ${code}`));
  if (child.stdout === null) failed("has no output");
  else
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [word, name = "", , address = ""] = line.split(" ");
      if (word === "listening") listening.set(name, address);
      if (word === "status") resolve({ listening, status: name });
    });
  return await promise.finally(cancel);
}

function stopped(child: ChildProcess): Promise<void> {
  // One without an id never ran, so that no exit will come.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.removeAllListeners("exit");
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
