/**
 * The configurations of both arms, from the same pieces: nothing compressed but what is asked for, no queue, no batch processor, acknowledgements of
 * all replicas, an attribute inserted into every resource and one into every item. What is not named stays as it is shipped.
 */
import type { Signal } from "@rondo/otlp";
import { ITEM_KEY, RESOURCE_KEY } from "./gate.ts";

/** What a pipeline's configuration depends on. */
export interface PipelineOptions {
  readonly signal: Signal;
  readonly protocol: "http" | "grpc";
  /** The sink's port. */
  readonly backend: number;
}

/** The topics between the Collector's hops. */
export const COLLECTOR_TOPICS = ["peer.raw", "peer.enriched"] as const;
const [RAW, ENRICHED] = COLLECTOR_TOPICS;

/** The consumer groups of the Collector's hops, by the hop. */
export const COLLECTOR_GROUPS = { enrich: "peer.enrich", export: "peer.export" } as const;

function receive(protocol: string, port: number): string {
  return `receivers:
  otlp:
    protocols:
      ${protocol}:
        endpoint: 127.0.0.1:${port}
`;
}

const PROCESS = `processors:
  resource:
    attributes:
      - {key: ${RESOURCE_KEY}, value: site-1, action: insert}
  attributes:
    actions:
      - {key: ${ITEM_KEY}, value: "true", action: insert}
`;

const exporterOf = (protocol: string) => (protocol === "http" ? "otlphttp" : "otlp");

function send({ protocol, backend }: PipelineOptions): string {
  const endpoint = protocol === "http" ? `http://127.0.0.1:${backend}` : `127.0.0.1:${backend}`;
  return `exporters:
  ${exporterOf(protocol)}:
    endpoint: ${endpoint}
    compression: none
    sending_queue: {enabled: false}
${protocol === "grpc" ? "    tls: {insecure: true}\n" : ""}`;
}

function pipeline(signal: Signal, from: string, processors: string, to: string): string {
  return `service:
  pipelines:
    ${signal}:
      receivers: [${from}]
      processors: [${processors}]
      exporters: [${to}]
`;
}

/** One pipeline: receive, insert an attribute into every resource and into every item, export. Both programs read it. */
export function pipelineYaml(options: PipelineOptions, port: number): string {
  const { signal, protocol } = options;
  return (
    receive(protocol, port) +
    PROCESS +
    send(options) +
    pipeline(signal, "otlp", "resource, attributes", exporterOf(protocol))
  );
}

/**
 * The same in a Collector that answers when the request is in a queue on file storage in `folder`. Its writes are not synced, which is
 * how it is shipped.
 */
export function queuedYaml(options: PipelineOptions, port: number, folder: string): string {
  return (
    pipelineYaml(options, port).replace("sending_queue: {enabled: false}", "sending_queue: {storage: file_storage}") +
    `  extensions: [file_storage]
extensions:
  file_storage: {directory: ${folder}}
`
  );
}

/** The section that puts Rondo's log on Kafka. */
export function kafkaSection(brokers: readonly string[], partitions: number, compression = "none"): string {
  return `broker:
  kafka:
    brokers: [${brokers.join(", ")}]
    compression: ${compression}
    topics: {partitions: ${partitions}, replication_factor: 1}
`;
}

/** The same road as three Collectors, by hop. Offsets are marked after the export, as at-least-once needs it. */
export function collectorHops(
  options: PipelineOptions,
  port: number,
  brokers: readonly string[],
  compression = "none",
): { readonly receive: string; readonly enrich: string; readonly export: string } {
  const { signal, protocol } = options;
  const from = (group: string, topic: string) => `receivers:
  kafka:
    brokers: [${brokers.join(", ")}]
    group_id: ${group}
    initial_offset: earliest
    message_marking: {after: true}
    ${signal}: {topics: [${topic}], encoding: otlp_proto}
`;
  const to = (topic: string) => `exporters:
  kafka:
    brokers: [${brokers.join(", ")}]
    ${signal}: {topic: ${topic}, encoding: otlp_proto}
    producer: {required_acks: all, compression: ${compression}}
    sending_queue: {enabled: false}
`;
  return {
    receive: receive(protocol, port) + to(RAW) + pipeline(signal, "otlp", "", "kafka"),
    enrich:
      from(COLLECTOR_GROUPS.enrich, RAW) +
      PROCESS +
      to(ENRICHED) +
      pipeline(signal, "kafka", "resource, attributes", "kafka"),
    export:
      from(COLLECTOR_GROUPS.export, ENRICHED) + send(options) + pipeline(signal, "kafka", "", exporterOf(protocol)),
  };
}
