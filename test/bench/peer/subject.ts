/** The two programs that are compared, each started from the same pipeline configuration, alone on core 0. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Signal } from "@rondo/otlp";
import { tool } from "../../needs.ts";
import { freePorts } from "../../rig/free-port.ts";
import { ITEM_KEY, RESOURCE_KEY } from "./gate.ts";

/** What can be compared. */
export type Arm = "rondo" | "collector";
/** The transport in and out. */
export type Protocol = "http" | "grpc";

/** A subject that takes requests. */
export interface Subject {
  readonly pid: number;
  /** Where it takes OTLP of the bench's protocol. */
  readonly port: number;
  /** Ends it, at first asking. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** What a subject is started with. */
export interface SubjectOptions {
  readonly arm: Arm;
  readonly signal: Signal;
  readonly protocol: Protocol;
  /** The sink's port. */
  readonly backend: number;
  /** Where Rondo writes a CPU profile when it ends. */
  readonly profile?: string | undefined;
  /** An empty folder for configuration, log and data. */
  readonly folder: string;
}

/** One pipeline: receive, insert an attribute into every resource and into every item, export without compression or queue. */
export function pipelineYaml(options: SubjectOptions, port: number): string {
  const { signal, protocol, backend } = options;
  const exporter = protocol === "http" ? "otlphttp" : "otlp";
  const endpoint = protocol === "http" ? `http://127.0.0.1:${backend}` : `127.0.0.1:${backend}`;
  return `receivers:
  otlp:
    protocols:
      ${protocol}:
        endpoint: 127.0.0.1:${port}
processors:
  resource:
    attributes:
      - {key: ${RESOURCE_KEY}, value: site-1, action: insert}
  attributes:
    actions:
      - {key: ${ITEM_KEY}, value: "true", action: insert}
exporters:
  ${exporter}:
    endpoint: ${endpoint}
    compression: none
    sending_queue: {enabled: false}
${protocol === "grpc" ? "    tls: {insecure: true}\n" : ""}service:
  pipelines:
    ${signal}:
      receivers: [otlp]
      processors: [resource, attributes]
      exporters: [${exporter}]
`;
}

/** The Collector's own metrics, at the level and on the kind of port that Rondo has its own on. */
function collectorYaml(port: number): string {
  return `service:
  telemetry:
    metrics:
      level: basic
      readers:
        - pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}
`;
}

function commandOf(
  options: SubjectOptions,
  config: string,
  port: number,
): readonly [string, Readonly<Record<string, string>>, ...string[]] {
  if (options.arm === "collector") {
    const extra = join(options.folder, "collector.yaml");
    writeFileSync(extra, collectorYaml(port));
    return [tool("otelcol"), { GOMAXPROCS: "1" }, "--config", config, "--config", extra];
  }
  const rondo = new URL("../../../packages/cli/bin/rondo", import.meta.url).pathname;
  const data = join(options.folder, "data");
  const profiling: Readonly<Record<string, string>> =
    options.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${options.profile}` };
  return [
    rondo,
    profiling,
    "up",
    "--config",
    config,
    "--data",
    data,
    "--metrics-address",
    `127.0.0.1:${port}`,
    "--health-address",
    "127.0.0.1:0",
  ];
}

/** Resolves when the port takes a connection; rejects after 20 s, or when the process ends before. */
async function listening(child: ChildProcess, port: number, log: string): Promise<void> {
  const { connect } = await import("node:net");
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the subject ended at start; its log is ${log}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("connect", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the subject does not listen on port ${port} after 20 s; its log is ${log}`);
}

/** Starts a subject and waits until it takes connections. Throws when it does not. */
export async function startSubject(options: SubjectOptions): Promise<Subject> {
  mkdirSync(options.folder, { recursive: true });
  const [port = 0, metrics = 0] = await freePorts(2);
  const config = join(options.folder, "pipeline.yaml");
  const log = join(options.folder, "log");
  writeFileSync(config, pipelineYaml(options, port));
  const [command, variables, ...args] = commandOf(options, config, metrics);
  const { openSync } = await import("node:fs");
  const out = openSync(log, "w");
  // taskset replaces itself by the command: the child's pid is the subject's.
  const child = spawn(tool("taskset"), ["-c", "0", command, ...args], {
    stdio: ["ignore", out, out],
    env: { ...process.env, ...variables },
  });
  const gone = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  const stop = async () => {
    child.kill("SIGTERM");
    const hard = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await gone;
    clearTimeout(hard);
  };
  try {
    await listening(child, port, log);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { pid, port, stop };
}
