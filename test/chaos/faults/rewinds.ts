/** Whether a group's commit ever goes back: what a process that was thought dead would do. */
import { exporterGroup, pipelineGroup } from "@rondo/broker";
import { SIGNALS } from "@rondo/otlp";
import { Kafka as Client, logLevel } from "kafkajs";
import { OTLP, OTLP_HTTP } from "../config.ts";

const GROUPS = SIGNALS.flatMap((signal) => [
  pipelineGroup(signal),
  ...[OTLP, OTLP_HTTP].map((exporter) => exporterGroup(signal, exporter)),
]);

/** Watches the commits of a run's groups at each look that `during` takes and once at its end; what went back, as sentences. */
export async function rewinds(
  brokers: readonly string[],
  during: (look: () => Promise<void>) => Promise<void>,
): Promise<readonly string[]> {
  const admin = new Client({ brokers: [...brokers], clientId: "rig", logLevel: logLevel.NOTHING }).admin();
  const highest = new Map<string, number>();
  const problems: string[] = [];
  const look = async () => {
    const found = await Promise.all(
      GROUPS.map(async (groupId) => ({ groupId, topics: await admin.fetchOffsets({ groupId }) })),
    );
    for (const { groupId, topics } of found) {
      for (const { topic, partitions } of topics) {
        for (const { partition, offset } of partitions) {
          const key = `${groupId} ${topic} ${partition}`;
          const [before, now] = [highest.get(key) ?? -1, Number(offset)];
          if (now < before) problems.push(`the commit of ${key} went back from ${before} to ${now}`);
          highest.set(key, Math.max(before, now));
        }
      }
    }
  };
  await admin.connect();
  try {
    await during(look);
    await look();
  } finally {
    await admin.disconnect();
  }
  return problems;
}
