/** The configuration of a run, on one machine or over Kafka and Redis: every signal, to two backends and perhaps a file. */
import type { Ports } from "../rig/rondo-process.ts";
import { INSERTED } from "./identity.ts";

/** The exporters that send to backends, by their transport. */
export const OTLP = "otlp/a";
export const OTLP_HTTP = "otlphttp/b";
/** The exporter that captures in a file. */
export const DEBUG = "debug";

/** What a configuration leads to. */
export interface Destinations {
  /** The ports of the backends. */
  readonly grpc: number;
  readonly http: number;
  /** The file of the exporter `debug`; absent: there is no such exporter. */
  readonly capture?: string;
}

/** The configuration of one process; `shared` has the sections for what several processes share. */
export function chaosYaml(ports: Ports, { grpc, http, capture }: Destinations, shared = ""): string {
  const exporters = [OTLP, OTLP_HTTP, ...(capture === undefined ? [] : [DEBUG])];
  const pipeline = (signal: string) =>
    `    ${signal}: {receivers: [otlp], processors: [memory_limiter, resource, attributes, batch], exporters: [${exporters.join(", ")}]}`;
  const retry = "retry_on_failure: {initial_interval: 50ms, max_interval: 500ms}";
  return `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${ports.grpc}"}
      http: {endpoint: "127.0.0.1:${ports.http}"}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 512, spike_limit_mib: 128}
  resource:
    attributes: [{key: ${INSERTED.resource[0]}, value: "${INSERTED.resource[1]}", action: insert}]
  attributes:
    actions: [{key: ${INSERTED.item[0]}, value: "${INSERTED.item[1]}", action: insert}]
  batch: {timeout: 50ms, send_batch_size: 256}
exporters:
  ${OTLP}: {endpoint: "127.0.0.1:${grpc}", tls: {insecure: true}, compression: none, timeout: 2s, ${retry}}
  ${OTLP_HTTP}: {endpoint: "http://127.0.0.1:${http}", compression: none, timeout: 2s, ${retry}}
${capture === undefined ? "" : `  ${DEBUG}: {capture_file: ${JSON.stringify(capture)}}\n`}service:
  pipelines:
${["traces", "metrics", "logs"].map(pipeline).join("\n")}
${shared}`;
}

/** A configuration that leaves everything as it comes, to one backend: what a fleet sends must keep its labels. */
export function plainYaml(ports: Ports, http: number, shared: string): string {
  return `receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${ports.grpc}"}, http: {endpoint: "127.0.0.1:${ports.http}"}}}
exporters:
  ${OTLP_HTTP}: {endpoint: "http://127.0.0.1:${http}", compression: none}
service:
  pipelines:
${["traces", "metrics", "logs"].map((signal) => `    ${signal}: {receivers: [otlp], exporters: [${OTLP_HTTP}]}`).join("\n")}
${shared}`;
}

/** What the processes of a deployment share. */
export interface Shared {
  readonly brokers: readonly string[];
  readonly partitions: number;
  readonly redis: string;
  /** The file of rules, how often they are evaluated and told again, and how old a sample may be; durations. */
  readonly rules: string;
  readonly interval: string;
  readonly resend: string;
  readonly lookback: string;
  readonly alertmanager: string;
  /** Where this process serves its rules. */
  readonly endpoint: string;
}

/** Those sections. */
export function sharedYaml(shared: Shared): string {
  return `broker:
  kafka: {brokers: [${shared.brokers.join(", ")}], topics: {partitions: ${shared.partitions}}}
windows: {redis: {url: "${shared.redis}"}}
alerts:
  rules: {default: [${JSON.stringify(shared.rules)}]}
  alertmanagers: [{url: "${shared.alertmanager}"}]
  evaluation_interval: ${shared.interval}
  resend_delay: ${shared.resend}
  lookback_delta: ${shared.lookback}
  endpoint: "${shared.endpoint}"
`;
}
