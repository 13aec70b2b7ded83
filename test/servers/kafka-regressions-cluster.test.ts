/** The traps of kafkajs that need several brokers, as kafka-regressions.test.ts has those of one. */
import { setTimeout as pause } from "node:timers/promises";
import { silentLog } from "@rondo/core";
import { Readiness } from "@rondo/monitor";
import { FakeClock } from "@rondo/testkit";
import { Ledger } from "@rondo/worker";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { STANDSTILL_MS, Watchdog } from "../../packages/worker/src/watchdog.ts";
import { suiteNeeds } from "../needs.ts";
import { type Plain, plainKafkajs } from "../rig/plain-kafkajs.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";

const SESSION_MS = 6_000;
const record = (text: string) => ({ headers: {}, value: Buffer.from(text) });

suiteNeeds("kafka")("kafkajs and Rondo's log, on three brokers", () => {
  let kafka: Kafka;
  let plain: Plain;
  beforeAll(async () => {
    kafka = await startKafka({ nodes: 3, proxied: true });
    plain = await plainKafkajs(kafka);
  }, 120_000);
  afterAll(async () => {
    await plain?.close();
    await kafka?.close();
  });

  /** A topic whose partition 0 is on broker 1 and partition 1 on broker 2, one copy of each. */
  const spread = async (topic: string) => {
    const replicaAssignment = [1, 2].map((id, partition) => ({ partition, replicas: [id] }));
    const configEntries = [
      { name: "min.insync.replicas", value: "1" },
      { name: "max.message.bytes", value: String(8 << 20) },
    ];
    await plain.admin.createTopics({ topics: [{ topic, replicaAssignment, configEntries }] });
    await expect.poll(() => leaders(topic)).toEqual([1, 2]);
  };
  const leaders = async (topic: string) => {
    const { topics } = await plain.admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    return partitions.toSorted((one, other) => one.partitionId - other.partitionId).map(({ leader }) => leader);
  };
  /** Both partitions are broker 1's from now on; whoever has asked before does not know. */
  const gather = async (topic: string) => {
    const partitionAssignment = [{ partition: 1, replicas: [1] }];
    await plain.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    await expect.poll(() => leaders(topic)).toEqual([1, 1]);
  };

  describe("K1: of two partitions, one moves to the other's broker", () => {
    test("kafkajs: the send resolves, and one record is nowhere", async () => {
      await spread("k1-plain");
      const producer = await plain.producer();
      const send = (value: string) =>
        producer.send({ topic: "k1-plain", messages: [0, 1].map((partition) => ({ value, partition })) });
      await send("before");
      await gather("k1-plain");
      await expect(send("after")).resolves.toBeDefined();
      expect(await plain.texts("k1-plain", 0)).toEqual(["before", "after"]);
      expect(await plain.texts("k1-plain", 1)).toEqual(["before"]);
    });

    test("Rondo: what it acknowledges is there", async () => {
      await spread("k1-rondo");
      const broker = await plain.rondo("k1");
      const append = (text: string) =>
        Promise.all([0, 1].map((partition) => broker.append("k1-rondo", partition, [record(text)])));
      await append("before");
      await gather("k1-rondo");
      await append("after");
      for (const partition of [0, 1]) expect(await plain.texts("k1-rondo", partition)).toEqual(["before", "after"]);
    });
  });

  describe("K11: of two partitions, one has a handler that never ends", () => {
    test("kafkajs: the other's heartbeats keep the member alive, and nobody hears of the one that stands still", async () => {
      const topic = "k11-plain";
      await spread(topic);
      const consumer = await plain.consumer({ groupId: topic, sessionTimeout: SESSION_MS });
      await consumer.subscribe({ topic, fromBeginning: true });
      const handled = [0, 0];
      const stuck = Promise.withResolvers<void>();
      // Its disconnect waits for its handlers, without end.
      onTestFinished(() => stuck.resolve());
      await consumer.run({
        partitionsConsumedConcurrently: 2,
        eachMessage: async ({ partition }) => {
          handled[partition] = (handled[partition] ?? 0) + 1;
          if (partition === 0) await stuck.promise;
        },
      });
      const producer = await plain.producer();
      await producer.send({ topic, messages: [{ value: "stuck", partition: 0 }] });
      await expect.poll(() => handled[0]).toBe(1);
      // A cluster that is young may have troubled it before.
      const trouble = vi.fn();
      for (const event of [consumer.events.CRASH, consumer.events.REBALANCING, consumer.events.STOP])
        consumer.on(event, trouble);
      const until = performance.now() + SESSION_MS * 1.5;
      for (let n = 0; performance.now() < until; n++) {
        await producer.send({ topic, messages: [{ value: String(n), partition: 0 }] });
        await producer.send({ topic, messages: [{ value: String(n), partition: 1 }] });
        await pause(100);
      }
      expect(handled[0]).toBe(1);
      expect(handled[1]).toBeGreaterThan(10);
      expect(trouble).not.toHaveBeenCalled();
      expect((await plain.admin.describeGroups([topic])).groups[0]).toMatchObject({ state: "Stable" });
    });

    test("Rondo: the other goes on, and readiness says which one stands still", async () => {
      const spec = { group: "k11-rondo", topic: "k11-rondo" };
      await spread(spec.topic);
      const broker = await plain.rondo("k11");
      await broker.registerGroup({ ...spec, start: "earliest" });
      const ledger = new Ledger(broker);
      ledger.group({ ...spec, signal: "traces", pipeline: "traces", component: "stuck" });
      await broker.join(
        spec,
        async (claim) => {
          ledger.claimed(spec.group, claim);
          for (let some = await claim.read(1 << 20); some.length > 0; some = await claim.read(1 << 20)) {
            if (claim.partition === 0)
              return await new Promise((gone) => claim.revoked.addEventListener("abort", () => gone()));
            await claim.commit((some.at(-1)?.offset ?? -1) + 1, []);
          }
        },
        (fault) => expect.fail(fault.message),
      );
      const append = () => Promise.all([0, 1].map((partition) => broker.append(spec.topic, partition, [record("x")])));
      const behind = async () => (await ledger.lags())[0]?.partitions.map(({ high, settled }) => high - settled);
      // Its minute passes at once; the cluster and the reader keep theirs.
      const clock = new FakeClock();
      const readiness = new Readiness(clock);
      const members = () => [{ group: spec.group, isMember: true }];
      const watchdog = new Watchdog({ ledger, readiness, clock, log: silentLog, isAlone: false, members });
      for (const expected of [1, 2]) {
        await append();
        await expect.poll(behind).toEqual([expected, 0]);
        expect(readiness.reasons()).toEqual([]);
        await watchdog.look();
        await clock.advance(STANDSTILL_MS / 2);
      }
      await watchdog.look();
      expect(readiness.reasons().map(({ reason }) => reason)).toEqual([
        expect.stringMatching(/^group k11-rondo stands still on partition 0: since .* at offset 0, 2 records unread/),
      ]);
    });
  });
});
