/**
 * What kafkajs's producer and consumer do wrong under a fault, each shown on a real broker behind the fault proxy, and that Rondo's
 * log, which uses neither, holds under the same fault. The cluster's cases are in kafka-regressions-cluster.test.ts.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Claim } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { KafkaJSNonRetriableError } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { suiteNeeds } from "../needs.ts";
import { type Plain, plainKafkajs } from "../rig/plain-kafkajs.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";

/** Long enough for the first of two sends to be on its way, so that the second waits for it. */
const UNDER_WAY_MS = 100;

const message = (value: string) => ({ value });
const record = (text: string) => ({ headers: {}, value: Buffer.from(text) });
const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));

suiteNeeds("kafka")("kafkajs and Rondo's log, under the same fault", () => {
  let kafka: Kafka;
  let plain: Plain;
  beforeAll(async () => {
    kafka = await startKafka({ proxied: true });
    plain = await plainKafkajs(kafka);
  }, 60_000);
  afterAll(async () => {
    await plain?.close();
    await kafka?.close();
  });

  const makeTopic = async (topic: string, numPartitions: number) =>
    void (await plain.admin.createTopics({ topics: [{ topic, numPartitions }] }));
  /** The broker takes what comes next and its answer is lost; the connection stays. */
  const loseNextReply = () => kafka.nodes[0]?.proxy?.loseReply({ nth: 1, reset: false });
  const lost = () => kafka.nodes[0]?.proxy?.lost;
  /** Records 0, 1, 2 … in partition 0 of a topic of Rondo's. */
  const filled = async (topic: string, count: number) => {
    await makeTopic(topic, 1);
    const producer = await plain.producer();
    await producer.send({ topic, messages: numbers(count).map((value) => ({ value, partition: 0 })) });
  };
  /** Reads a group's topic until its handler is done with a claim; resolves with what the handler returns. */
  const claimed = async <T>(
    name: string,
    spec: { readonly group: string; readonly topic: string },
    use: (claim: Claim) => Promise<T>,
  ) => {
    const broker = await plain.rondo(name);
    const { promise, resolve } = Promise.withResolvers<T>();
    await broker.registerGroup({ ...spec, start: "earliest" });
    const failures: Error[] = [];
    const member = await broker.join(
      spec,
      async (claim) => {
        resolve(await use(claim));
        if (!claim.revoked.aborted) await new Promise((gone) => claim.revoked.addEventListener("abort", gone));
      },
      (fault) => failures.push(fault),
    );
    return { value: await promise, member, failures };
  };

  describe("K2: the answer to one of two sends under way is lost", () => {
    test("kafkajs, idempotent: the second is acknowledged and is not there", async () => {
      await makeTopic("k2-plain", 1);
      const producer = await plain.producer({ idempotent: true, maxInFlightRequests: 5 });
      const send = (value: string) => producer.send({ topic: "k2-plain", messages: [{ value, partition: 0 }] });
      await send("warm");
      const before = lost();
      loseNextReply();
      const first = send("first");
      await pause(UNDER_WAY_MS);
      await expect(Promise.all([first, send("other")])).resolves.toBeDefined();
      expect(lost()).not.toBe(before);
      expect(await plain.texts("k2-plain", 0)).toEqual(["warm", "first", "first"]);
    });

    test("Rondo: both are there, in their order", async () => {
      const broker = await plain.rondo("k2");
      await broker.ensureTopics([{ name: "k2-rondo", partitions: 1 }]);
      await broker.append("k2-rondo", 0, [record("warm")]);
      const before = lost();
      loseNextReply();
      const first = broker.append("k2-rondo", 0, [record("first")]);
      await pause(UNDER_WAY_MS);
      const other = broker.append("k2-rondo", 0, [record("other")]);
      await Promise.all([first, other]);
      expect(lost()).not.toBe(before);
      const texts = await plain.texts("k2-rondo", 0);
      expect([...new Set(texts)]).toEqual(["warm", "first", "other"]);
      expect(texts.indexOf("other")).toBeGreaterThan(texts.lastIndexOf("first"));
    });
  });

  describe("K3: the answer to a record without a key is lost", () => {
    test.each([false, true])("kafkajs, idempotent %s: its copy is in another partition", async (idempotent) => {
      const topic = `k3-plain-${idempotent}`;
      await makeTopic(topic, 3);
      const producer = await plain.producer({ idempotent });
      await producer.send({ topic, messages: [message("warm")] });
      loseNextReply();
      await producer.send({ topic, messages: [message("once")] });
      const counts = await Promise.all(
        [0, 1, 2].map(
          async (partition) => (await plain.texts(topic, partition)).filter((text) => text === "once").length,
        ),
      );
      expect(counts.toSorted()).toEqual([0, 1, 1]);
    });

    test("Rondo: copies are where the record is, and nowhere else", async () => {
      const broker = await plain.rondo("k3");
      await broker.ensureTopics([{ name: "k3-rondo", partitions: 3 }]);
      await broker.append("k3-rondo", 1, [record("warm")]);
      const before = lost();
      loseNextReply();
      await broker.append("k3-rondo", 1, [record("once")]);
      expect(lost()).not.toBe(before);
      expect(new Set(await plain.texts("k3-rondo", 1))).toEqual(new Set(["warm", "once"]));
      for (const partition of [0, 2]) expect(await plain.texts("k3-rondo", partition)).toEqual([]);
    });
  });

  describe("K6: a handler returns before it has read everything", () => {
    test("kafkajs commits what nobody has read", async () => {
      await filled("k6-plain", 10);
      const consumer = await plain.consumer({ groupId: "k6-plain" });
      await consumer.subscribe({ topic: "k6-plain", fromBeginning: true });
      const handled: string[] = [];
      await consumer.run({
        eachBatch: async ({ batch }) => {
          for (const { value } of batch.messages.slice(0, 3)) handled.push(String(value));
        },
      });
      await expect.poll(() => plain.committed("k6-plain", "k6-plain", 0)).toBe(10);
      expect(handled).toEqual(["0", "1", "2"]);
    });

    test("Rondo commits what it was told to, and the next reader begins there", async () => {
      await filled("k6-rondo", 10);
      const spec = { group: "k6-rondo", topic: "k6-rondo" };
      const broker = await plain.rondo("k6");
      await broker.registerGroup({ ...spec, start: "earliest" });
      const failed = vi.fn();
      await broker.join(
        spec,
        async (claim) => {
          await claim.read(1 << 20);
          await claim.commit(3, []);
        },
        failed,
      );
      // To leave a partition that one holds is a fault, not an end.
      await expect.poll(() => failed.mock.calls.length).toBe(1);
      expect(await plain.committed(spec.group, spec.topic, 0)).toBe(3);
      const { value } = await claimed("k6-next", spec, async (claim) => {
        claim.seek(claim.start.committed ?? -1);
        return await claim.read(1 << 20);
      });
      expect(value.map((one) => Buffer.from(one.value).toString())).toEqual(numbers(10).slice(3));
    });
  });

  describe("K7: offsets are settled out of order", () => {
    test("kafkajs moves the commit back", async () => {
      await filled("k7-plain", 10);
      const consumer = await plain.consumer({ groupId: "k7-plain" });
      await consumer.subscribe({ topic: "k7-plain", fromBeginning: true });
      const commits: number[] = [];
      await consumer.run({
        ...{ eachBatchAutoResolve: false, autoCommit: false },
        eachBatch: async ({ resolveOffset, uncommittedOffsets, commitOffsetsIfNecessary }) => {
          if (commits.length > 0) return;
          for (const offset of ["7", "2"]) {
            resolveOffset(offset);
            await commitOffsetsIfNecessary(uncommittedOffsets());
            commits.push(await plain.committed("k7-plain", "k7-plain", 0));
          }
        },
      });
      await expect.poll(() => commits).toEqual([8, 3]);
    });

    test("Rondo leaves it where it is", async () => {
      await filled("k7-rondo", 10);
      const spec = { group: "k7-rondo", topic: "k7-rondo" };
      const { failures } = await claimed("k7", spec, async (claim) => {
        await claim.read(1 << 20);
        await claim.commit(8, []);
        await claim.commit(3, []);
      });
      expect(await plain.committed(spec.group, spec.topic, 0)).toBe(8);
      expect(failures).toEqual([]);
    });
  });

  describe("K8: retention has removed what a group would read next", () => {
    const remove = async (topic: string, before: number) => {
      // Its admin looks leaders up among the topics that it was asked about before.
      await plain.admin.fetchTopicOffsets(topic);
      await plain.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] });
    };

    test("kafkajs goes on at the end: what is still there is skipped and committed", async () => {
      await filled("k8-plain", 30);
      await plain.admin.setOffsets({
        groupId: "k8-plain",
        topic: "k8-plain",
        partitions: [{ partition: 0, offset: "5" }],
      });
      await remove("k8-plain", 20);
      const consumer = await plain.consumer({ groupId: "k8-plain" });
      await consumer.subscribe({ topic: "k8-plain" });
      const handled: string[] = [];
      await consumer.run({ eachMessage: async ({ message: { value } }) => void handled.push(String(value)) });
      // It writes "the end" over the group's own commit.
      await expect.poll(() => plain.committed("k8-plain", "k8-plain", 0)).not.toBe(5);
      const producer = await plain.producer();
      const write = (value: number) =>
        producer.send({ topic: "k8-plain", messages: [{ value: String(value), partition: 0 }] });
      let next = 30;
      const isFed = async () => {
        await write(next++);
        return handled.length > 0;
      };
      await expect.poll(isFed).toBe(true);
      expect(handled.filter((value) => Number(value) < 30)).toEqual([]);
    });

    test("Rondo goes on at the oldest that is kept, and says what is gone", async () => {
      await filled("k8-rondo", 30);
      const spec = { group: "k8-rondo", topic: "k8-rondo" };
      const onLoss = vi.fn();
      const first = await claimed("k8", spec, (claim) => claim.commit(5, []));
      await first.member.leave();
      await remove("k8-rondo", 20);
      const broker = await plain.rondo("k8-next", { onLoss });
      const { promise, resolve } = Promise.withResolvers<readonly string[]>();
      await broker.join(
        spec,
        async (claim) => {
          claim.seek(claim.start.committed ?? -1);
          resolve((await claim.read(1 << 20)).map(({ value }) => Buffer.from(value).toString()));
          await new Promise((gone) => claim.revoked.addEventListener("abort", gone));
        },
        (fault) => expect.fail(fault.message),
      );
      expect(await promise).toEqual(numbers(30).slice(20));
      expect(onLoss).toHaveBeenCalledWith(expect.objectContaining({ group: spec.group, from: 5, to: 20 }));
    });
  });

  describe("K9: a member commits for a partition that is another's by now", () => {
    test("kafkajs is obeyed: the owner's commit goes back", async () => {
      const topic = "k9-plain";
      await makeTopic(topic, 2);
      const assigned = new Map<string, readonly number[]>();
      const join = async (name: string) => {
        const consumer = await plain.consumer({ groupId: topic });
        consumer.on(
          consumer.events.GROUP_JOIN,
          ({ payload }) => void assigned.set(name, payload.memberAssignment[topic] ?? []),
        );
        await consumer.subscribe({ topic });
        await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
        return consumer;
      };
      const former = await join("former");
      await expect.poll(() => assigned.get("former")).toEqual([0, 1]);
      const owner = await join("owner");
      await expect.poll(() => [...assigned.values()].flat().sort()).toEqual([0, 1]);
      const partition = assigned.get("owner")?.[0] ?? -1;
      await owner.commitOffsets([{ topic, partition, offset: "10" }]);
      expect(await plain.committed(topic, topic, partition)).toBe(10);
      await former.commitOffsets([{ topic, partition, offset: "1" }]);
      expect(await plain.committed(topic, topic, partition)).toBe(1);
    });

    test("Rondo refuses, and the owner's commit stays", async () => {
      const spec = { group: "k9-rondo", topic: "k9-rondo" };
      await makeTopic(spec.topic, 2);
      const claims = new Map<string, Claim[]>([
        ["former", []],
        ["owner", []],
      ]);
      const join = async (name: string) => {
        const broker = await plain.rondo(`k9-${name}`);
        await broker.registerGroup({ ...spec, start: "earliest" });
        await broker.join(
          spec,
          async (claim) => {
            claims.get(name)?.push(claim);
            await new Promise((gone) => claim.revoked.addEventListener("abort", gone));
          },
          (fault) => expect.fail(fault.message),
        );
      };
      await join("former");
      await expect.poll(() => claims.get("former")?.length).toBe(2);
      await join("owner");
      await expect.poll(() => claims.get("owner")?.length).toBe(1);
      const [claim] = claims.get("owner") ?? [];
      const stale = claims.get("former")?.find(({ partition }) => partition === claim?.partition);
      await claim?.commit(10, []);
      await expect(stale?.commit(11, [])).rejects.toMatchObject({ code: "aborted" });
      await expect(stale?.append(spec.topic, 0, [record("late")])).rejects.toMatchObject({ code: "aborted" });
      expect(await plain.committed(spec.group, spec.topic, claim?.partition ?? -1)).toBe(10);
      expect(await plain.texts(spec.topic, 0)).toEqual([]);
    });
  });

  describe("K10: a handler fails for good", () => {
    test("kafkajs has told its caller that it runs, and stops: nobody is in the group any more", async () => {
      await filled("k10-plain", 1);
      const consumer = await plain.consumer({ groupId: "k10-plain" });
      const crashed = vi.fn();
      consumer.on(consumer.events.CRASH, ({ payload }) => crashed(payload.restart));
      await consumer.subscribe({ topic: "k10-plain", fromBeginning: true });
      const running = consumer.run({
        eachMessage: async () => {
          throw new KafkaJSNonRetriableError("never");
        },
      });
      await expect(running).resolves.toBeUndefined();
      await expect.poll(() => crashed.mock.calls).toEqual([[false]]);
      const members = async () => (await plain.admin.describeGroups(["k10-plain"])).groups[0]?.members.length;
      await expect.poll(members).toBe(0);
    });

    test("Rondo tells whoever joined, once, with the reason", async () => {
      await filled("k10-rondo", 1);
      const spec = { group: "k10-rondo", topic: "k10-rondo" };
      const broker = await plain.rondo("k10");
      await broker.registerGroup({ ...spec, start: "earliest" });
      const failed = vi.fn();
      await broker.join(
        spec,
        async () => {
          throw new Fault("bug", "never");
        },
        failed,
      );
      await expect.poll(() => failed.mock.calls.map(([fault]) => Fault.from(fault).message)).toEqual(["never"]);
    });
  });
});
