/** Between two Collectors: one writes to the raw topics, a worker reads them, the other reads what the worker wrote. */
import { readRecording } from "@rondo/cli";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { expect } from "vitest";
import { needs } from "../needs.ts";
import { RAW_TOPICS, startReadingCollector, startWritingCollector } from "../rig/collector-kafka.ts";
import { prepareDeployment } from "../rig/deployment.ts";
import { itemTexts } from "../rig/item-texts.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { type OtlpServer, serveHttp } from "../rig/otlp-server.ts";
import { startKafka } from "../rig/servers/index.ts";
import { testFolder } from "./road.ts";
import { RECORDING } from "./run-rondo.ts";

/** A backend that keeps what it gets, by signal. */
interface KeepingSink extends OtlpServer {
  readonly received: Readonly<Record<Signal, readonly Buffer[]>>;
}

async function keepingSink(): Promise<KeepingSink> {
  const received: Record<Signal, Buffer[]> = { traces: [], metrics: [], logs: [] };
  const server = await serveHttp(0, (signal, body) => {
    received[signal].push(body);
    return "accepted";
  });
  return Object.assign(server, { received });
}

const ENRICHED: Readonly<Record<Signal, string>> = {
  traces: `${RAW_TOPICS.traces}.enriched`,
  metrics: `${RAW_TOPICS.metrics}.enriched`,
  logs: `${RAW_TOPICS.logs}.enriched`,
};

function configuration(brokers: readonly string[], sinkPort: number): string {
  const pipeline = (signal: Signal) => `    ${signal}: {receivers: [otlp], exporters: [otlp_http]}`;
  return `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {otlp_http: {endpoint: "http://127.0.0.1:${sinkPort}", compression: none}}
broker: {kafka: {brokers: [${brokers.join()}], topics: {partitions: 4, replication_factor: 1}}}
service:
  pipelines:
${SIGNALS.map(pipeline).join("\n")}
`;
}

needs("kafka", "otelcol")(
  "a worker reads what a Collector wrote, and another Collector what the worker wrote, attribute by attribute",
  async () => {
    const opened: { close(): Promise<unknown> }[] = [];
    const open = <T extends { close(): Promise<unknown> }>(one: T): T => {
      opened.push(one);
      return one;
    };
    try {
      const kafka = open(await startKafka());
      const [exported, read] = [open(await keepingSink()), open(await keepingSink())];
      const yaml = () => configuration(kafka.brokers, exported.port);
      const rondo = await prepareDeployment({ folder: testFolder(), gateways: 0, workers: 1, threads: 2, yaml });
      open({ close: () => rondo.kill() });
      await rondo.start();
      const writer = open(await startWritingCollector(kafka.brokers));
      open(await startReadingCollector({ brokers: kafka.brokers, topics: ENRICHED, sinkPort: read.port }));

      const client = httpClient({ port: writer.otlpHttpPort, timeoutMs: 10_000 });
      const recording = await readRecording(RECORDING);
      for (const { signal, body } of recording) expect(await client.send(signal, body)).toEqual({ kind: "accepted" });
      client.close();
      for (const signal of SIGNALS) {
        const sent = itemTexts(
          signal,
          recording.filter((one) => one.signal === signal).map(({ body }) => body),
        );
        for (const { received } of [exported, read]) {
          await expect.poll(() => itemTexts(signal, received[signal]), { timeout: 60_000 }).toEqual(sent);
        }
      }
    } finally {
      for (const one of opened.reverse()) await one.close();
    }
  },
  300_000,
);
