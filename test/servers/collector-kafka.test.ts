/** Collectors at both ends of Kafka lose and change nothing: what tests with Rondo between them lean on. */
import { SIGNALS, type Signal } from "@rondo/otlp";
import { expect } from "vitest";
import { readRecording } from "../../packages/cli/src/replay/recording.ts";
import { needs } from "../needs.ts";
import { RAW_TOPICS, startReadingCollector, startWritingCollector } from "../rig/collector-kafka.ts";
import { itemTexts } from "../rig/item-texts.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { serveHttp } from "../rig/otlp-server.ts";
import { startKafka } from "../rig/servers/index.ts";

const RECORDING = new URL("../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname;

needs("kafka", "otelcol")("a Collector reads from Kafka what another wrote, attribute by attribute", async () => {
  const received: Record<Signal, Buffer[]> = { traces: [], metrics: [], logs: [] };
  const sink = await serveHttp(0, (signal, body) => {
    received[signal].push(body);
    return "accepted";
  });
  const kafka = await startKafka();
  const writer = await startWritingCollector(kafka.brokers);
  const client = httpClient({ port: writer.otlpHttpPort, timeoutMs: 10_000 });
  const recording = await readRecording(RECORDING);
  for (const { signal, body } of recording) expect(await client.send(signal, body)).toEqual({ kind: "accepted" });
  const reader = await startReadingCollector({ brokers: kafka.brokers, topics: RAW_TOPICS, sinkPort: sink.port });
  try {
    for (const signal of SIGNALS) {
      const sent = recording.filter((request) => request.signal === signal).map(({ body }) => body);
      await expect
        .poll(() => itemTexts(signal, received[signal]), { timeout: 30_000 })
        .toEqual(itemTexts(signal, sent));
    }
  } finally {
    client.close();
    await Promise.all([writer.close(), reader.close(), sink.close()]);
    await kafka.close();
  }
});
