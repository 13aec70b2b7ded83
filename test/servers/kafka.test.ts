/** The Kafka of the rig: what tests against it lean on. */
import { Kafka as Client, logLevel } from "kafkajs";
import { expect } from "vitest";
import { needs } from "../needs.ts";
import { type KafkaOptions, startKafka } from "../rig/servers/index.ts";

async function cluster(options: KafkaOptions) {
  const kafka = await startKafka(options);
  const client = new Client({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
  const [admin, producer] = [client.admin(), client.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  return {
    kafka,
    admin,
    send: (topic: string, value: string) => producer.send({ topic, acks: -1, messages: [{ value }] }),
    end: async (topic: string) =>
      (await admin.fetchTopicOffsets(topic)).reduce((sum, { offset }) => sum + Number(offset), 0),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
      await kafka.close();
    },
  };
}

needs("kafka-3.9")("one node of 3.9 takes a record and has it after a kill", async () => {
  await using one = await cluster({ version: "3.9.1" });
  await one.admin.createTopics({ topics: [{ topic: "t", numPartitions: 1 }], waitForLeaders: true });
  await one.send("t", "a");
  const [node] = one.kafka.nodes;
  await node?.kill();
  await node?.start();
  await expect.poll(() => one.end("t").catch(() => 0)).toBe(1);
});

needs("kafka")(
  "three nodes behind proxies lose one and go on, then another, and come back in sync",
  async () => {
    await using three = await cluster({ nodes: 3, proxied: true });
    await three.admin.createTopics({
      topics: [{ topic: "t", numPartitions: 6, replicationFactor: 3 }],
      waitForLeaders: true,
    });
    const [first, second] = three.kafka.nodes;
    await three.send("t", "a");
    expect(three.kafka.nodes.reduce((sum, { proxy }) => sum + (proxy?.connections.made ?? 0), 0)).toBeGreaterThan(0);
    await first?.kill();
    await expect
      .poll(
        () =>
          three.send("t", "b").then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
    await first?.start();
    await three.kafka.inSync();
    await second?.stop();
    await second?.start();
    await three.kafka.inSync();
    await expect.poll(() => three.end("t").catch(() => 0)).toBeGreaterThanOrEqual(2);
  },
  300_000,
);
