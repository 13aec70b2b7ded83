/**
 * Collectors at both ends of Kafka, as users already have them: one writes what it gets by OTLP to the raw topics with its kafka
 * exporter, the other reads topics with its kafka receiver and hands on by OTLP/HTTP what it decoded.
 */
import { SIGNALS, type Signal } from "@rondo/otlp";
import { freePorts } from "./free-port.ts";
import { type HttpServer, startOtelcol } from "./servers/index.ts";

/** The topics of a Collector's kafka exporter, unless it is told otherwise; Rondo's raw topics have the same names. */
export const RAW_TOPICS: Readonly<Record<Signal, string>> = {
  traces: "otlp_spans",
  metrics: "otlp_metrics",
  logs: "otlp_logs",
};

/** The kafka exporter and receiver name signals as pipelines do. */
const forEachSignal = (line: (signal: Signal) => string) => SIGNALS.map(line).join("\n");

/** A Collector that writes, and the port of its OTLP/HTTP receiver. */
export interface WritingCollector extends HttpServer {
  readonly otlpHttpPort: number;
}

/**
 * Starts a Collector that writes requests to the raw topics as they come, in otlp_proto, with Kafka's name of a compression; a client's
 * 200 follows Kafka's.
 */
export async function startWritingCollector(
  brokers: readonly string[],
  compression = "none",
): Promise<WritingCollector> {
  const [otlpHttpPort = 0] = await freePorts(1);
  const server = await startOtelcol(`
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlpHttpPort}"}}}}
exporters:
  kafka:
    brokers: [${brokers.join()}]
    sending_queue: {enabled: false}
    producer: {required_acks: -1, compression: ${compression}}
${forEachSignal((signal) => `    ${signal}: {topic: ${RAW_TOPICS[signal]}, encoding: otlp_proto}`)}
service:
  pipelines:
${forEachSignal((signal) => `    ${signal}: {receivers: [otlp], exporters: [kafka]}`)}
`);
  return Object.assign(server, { otlpHttpPort });
}

/** What a reading Collector reads, and where it sends that. */
export interface ReadingOptions {
  readonly brokers: readonly string[];
  readonly topics: Readonly<Record<Signal, string>>;
  /** The port of an OTLP/HTTP backend that takes uncompressed protobuf. */
  readonly sinkPort: number;
  /** Its consumer group. */
  readonly group?: string;
}

/** Starts a Collector that reads topics from their beginning; they must exist. */
export function startReadingCollector({ brokers, topics, sinkPort, group = "collector" }: ReadingOptions) {
  return startOtelcol(`
receivers:
  kafka:
    brokers: [${brokers.join()}]
    group_id: ${group}
    initial_offset: earliest
${forEachSignal((signal) => `    ${signal}: {topics: [${topics[signal]}], encoding: otlp_proto}`)}
exporters:
  otlphttp:
    endpoint: http://127.0.0.1:${sinkPort}
    compression: none
    sending_queue: {enabled: false}
service:
  pipelines:
${forEachSignal((signal) => `    ${signal}: {receivers: [kafka], exporters: [otlphttp]}`)}
`);
}
