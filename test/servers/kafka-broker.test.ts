/** The log on a real Kafka: the contract suites of every broker and every state store. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "@rondo/broker";
import { type KafkaOptions as BrokerOptions, openKafka } from "@rondo/broker/kafka";
import { fired, silentLog, systemClock } from "@rondo/core";
import { brokerContract } from "@rondo/testkit/broker-contract";
import { stateContract } from "@rondo/testkit/state-contract";
import { Kafka as Client, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { suiteNeeds } from "../needs.ts";
import { type Kafka, type KafkaOptions, startKafka } from "../rig/servers/index.ts";

let tests = 0;

/** Declares both suites against a cluster of their own. */
function contracts(name: string, server: KafkaOptions): void {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka(server);
  }, 60_000);
  afterAll(() => kafka.close());

  const opened = async () => {
    const options: BrokerOptions = {
      brokers: kafka.brokers,
      clientId: "rondo/contract/test/0",
      clock: systemClock,
      log: silentLog,
      random: Math.random,
      stateTopic: `rondo.state.${++tests}`,
    };
    const first = await openKafka(options);
    let broker = first;
    return {
      broker: first,
      state: first.state,
      async restart() {
        await broker.close();
        broker = await openKafka(options);
        return broker;
      },
      async expire(topic: string, partition: number) {
        const admin = new Client({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
        await admin.connect();
        // Its client asks nobody where the partition is.
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: "-1" }] });
        await admin.disconnect();
      },
      async damage(topic: string, partition: number, text: string) {
        for (const { folder } of kafka.nodes) {
          const file = join(folder, "data", `${topic}-${partition}`, "00000000000000000000.log");
          const bytes = readFileSync(file);
          writeFileSync(file, bytes.fill("?", bytes.indexOf(text), bytes.indexOf(text) + 1));
        }
      },
      async outage() {
        await Promise.all(kafka.nodes.map((node) => node.kill()));
        return async () => void (await Promise.all(kafka.nodes.map((node) => node.start())));
      },
      dispose: () => broker.close(),
    };
  };

  // Gateways write to every partition that there is: one that no group reads would be lost without a sign.
  test("partitions that a topic got later are read, from their beginning", async () => {
    const under = await opened();
    await under.broker.ensureTopics([{ name: "grown", partitions: 1 }]);
    await under.broker.registerGroup({ group: "g", topic: "grown", start: "latest" });
    const admin = new Client({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: "grown", count: 2 }] });
    await admin.disconnect();
    const broker = await under.restart();
    await expect
      .poll(async () => {
        await broker.append("grown", 1, [{ headers: {}, value: Buffer.from("a") }]).catch(() => undefined);
        return (await broker.watermarks("grown", 1)).high;
      })
      .toBeGreaterThan(0);
    expect(await broker.registerGroup({ group: "g", topic: "grown" })).toMatchObject([
      { partition: 0, registered: 0 },
      { partition: 1, registered: 0 },
    ]);
    const read = Promise.withResolvers<string | undefined>();
    const onClaim = async (claim: Claim) => {
      const [record] = await claim.read(1);
      if (record !== undefined) read.resolve(Buffer.from(record.value).toString());
      await fired(claim.revoked);
    };
    const member = await broker.join({ group: "g", topic: "grown" }, onClaim, read.reject);
    expect(await read.promise).toBe("a");
    await member.leave();
    await under.dispose();
  });

  brokerContract(name, { prefix: "", open: opened });
  stateContract(`rondo.state on ${name}`, {
    prefix: "k",
    async open() {
      const under = await opened();
      return { ...under, restart: async () => (await under.restart()).state };
    },
  });
}

suiteNeeds("kafka")("the log on Kafka 4.1", () => contracts("Kafka 4.1", {}));
suiteNeeds("kafka-3.9")("the log on Kafka 3.9", () => contracts("Kafka 3.9", { version: "3.9.1" }));
