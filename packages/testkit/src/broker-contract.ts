/** What every broker must do, whatever it is made of. A broker is one when it passes this suite unchanged. */
import type { Broker, Claim, LogRecord, NewRecord } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { brokerLivesContract } from "./broker-lives-contract.ts";

/** One broker to be tested. */
export interface BrokerUnderTest {
  readonly broker: Broker;
  /** Ends it as a stop of the process does, and opens what it left behind. */
  restart(): Promise<Broker>;
  /** Lets everything that stands in a partition now become older than its retention, and be removed. */
  expire(topic: string, partition: number): Promise<void>;
  /** From now on nothing can be written, until what it answers has been called. */
  outage(): Promise<() => Promise<void>>;
  /** Changes the bytes of `text`, which stands once in a partition, where they are kept; absent: they are kept nowhere. */
  damage?(topic: string, partition: number, text: string): Promise<void>;
  /** Ends and removes it. */
  dispose(): Promise<void>;
}

/** How the suite gets a broker; `prefix` of names keeps tests apart that share one. */
export interface BrokerFactory {
  readonly prefix: string;
  open(): Promise<BrokerUnderTest>;
}

const record = (text: string, headers: Record<string, string> = { n: text }): NewRecord => ({
  headers,
  value: Buffer.from(text),
});
const texts = (records: readonly LogRecord[]) => records.map(({ value }) => Buffer.from(value).toString());
const failing = (fault: Error) => {
  throw fault;
};
const eventually = { timeout: 10_000 };

/** Declares the suite in the current test file. */
export function brokerContract(name: string, factory: BrokerFactory): void {
  brokerLivesContract(name, factory);
  describe(`${name} is a broker`, () => {
    let under: BrokerUnderTest;
    let broker: Broker;
    let topic: string;
    let group: string;
    let tests = 0;

    beforeEach(async () => {
      under = await factory.open();
      broker = under.broker;
      topic = `${factory.prefix}topic.${++tests}`;
      group = `${factory.prefix}group.${tests}`;
    });
    afterEach(() => under.dispose());

    /** Reads without a group until `count` records are there. */
    const all = async (partition: number, count: number) => {
      const found: LogRecord[] = [];
      while (found.length < count) {
        found.push(...(await broker.read(topic, partition, (found.at(-1)?.offset ?? -1) + 1, 1 << 20)));
      }
      return found;
    };

    // Enriched records go to the partition of their raw record (rules of the log 3): a number that changed would part them.
    test("topics are created once and keep their partitions", async () => {
      expect(await broker.ensureTopics([{ name: topic, partitions: 3 }])).toEqual([
        { name: topic, partitions: 3, created: true },
      ]);
      expect(await broker.ensureTopics([{ name: topic }])).toEqual([{ name: topic, partitions: 3, created: false }]);
      await expect(broker.ensureTopics([{ name: topic, partitions: 4 }])).rejects.toMatchObject({ code: "config" });
      expect(await broker.partitions(topic)).toBe(3);
      await expect(broker.partitions(`${topic}.missing`)).rejects.toMatchObject({ code: "not_found" });
    });

    // A gateway writes what it gathered from many requests, without copying them together first.
    test("a value in pieces is read as one, and they are its writer's again", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      const pieces = ["a", "b", "c"].map((text) => Buffer.alloc(20_000, text));
      await broker.append(topic, 0, [{ headers: {}, value: pieces }, record("next")]);
      for (const piece of pieces) piece.fill("x");
      const [first, next] = await all(0, 2);
      expect(texts([first, next].filter((one) => one !== undefined))).toEqual([
        ["a", "b", "c"].map((text) => text.repeat(20_000)).join(""),
        "next",
      ]);
    });

    // Every role makes sure of its topics when it starts, and roles of one deployment start together.
    test("two that create one topic at once both have it", async () => {
      const made = await Promise.all([
        broker.ensureTopics([{ name: topic, partitions: 2 }]),
        broker.ensureTopics([{ name: topic, partitions: 2 }]),
      ]);
      expect(made.flat().filter(({ created }) => created)).toHaveLength(1);
    });

    // The headers are those that a text format, a prototype or a wrong length would spoil.
    test("appends get consecutive offsets and are read back byte for byte from any of them", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 2 }]);
      const value = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
      const headers = { tenant: "hospital-7", odd: 'ü"\\\n', empty: "", __proto__x: "y" };
      expect((await broker.append(topic, 1, [record("a"), { headers, value }])).baseOffset).toBe(0);
      expect((await broker.append(topic, 1, [record("", {})])).baseOffset).toBe(2);
      const [first, second, third] = await all(1, 3);
      expect(first).toMatchObject({ offset: 0, headers: { n: "a" } });
      expect(second?.headers).toEqual(headers);
      expect(Buffer.compare(second?.value ?? Buffer.of(), value)).toBe(0);
      expect(third).toMatchObject({ offset: 2, headers: {} });
      expect(third?.value.length).toBe(0);
      expect((await broker.read(topic, 1, 2, 1000)).map(({ offset }) => offset)).toEqual([2]);
      expect(await broker.read(topic, 1, 3, 1000)).toEqual([]);
      expect(await broker.read(topic, 0, 0, 1000)).toEqual([]);
      expect(await broker.watermarks(topic, 1)).toEqual({ low: 0, high: 3 });
      expect((await broker.ranges([topic])).get(topic)).toEqual(
        await Promise.all(
          Array.from({ length: await broker.partitions(topic) }, (_, partition) => broker.watermarks(topic, partition)),
        ),
      );
      await expect(broker.ranges([topic, `${topic}.missing`])).rejects.toMatchObject({ code: "not_found" });
    });

    // A client is answered when an append resolves: what it was told must be there for whoever asks next. That timestamps do not
    // go back is what makes them the clock of components that hold data (rules of the log 5).
    test("an append is visible when it resolves, and timestamps never go backwards", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      let before = 0;
      for (let index = 0; index < 5; index++) {
        const { baseOffset, timestamp } = await broker.append(topic, 0, [record(String(index))]);
        expect(timestamp).toBeGreaterThanOrEqual(before);
        before = timestamp;
        expect(await broker.watermarks(topic, 0)).toMatchObject({ high: baseOffset + 1 });
        expect(await broker.read(topic, 0, baseOffset, 10)).toMatchObject([{ offset: baseOffset, timestamp }]);
      }
    });

    // A broker joins appends into one sync, and joining must not reorder: a series has its order from its partition alone.
    test("appends that are made at once stand in the order of the calls", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      const names = Array.from({ length: 50 }, (_, index) => `r${index}`);
      const appended = await Promise.all(names.map((one) => broker.append(topic, 0, [record(one)])));
      expect(appended.map(({ baseOffset }) => baseOffset)).toEqual(names.map((_, index) => index));
      expect(texts(await all(0, 50))).toEqual(names);
    });

    // A record that is larger than its reader's budget would else stand in front of its partition for ever.
    test("a read takes at least one record and no more bytes than asked for", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.append(
        topic,
        0,
        ["aaaa", "bbbb", "cccc"].map((one) => record(one)),
      );
      expect(texts(await broker.read(topic, 0, 0, 1))).toEqual(["aaaa"]);
      expect(texts(await broker.read(topic, 0, 0, 8))).toEqual(["aaaa", "bbbb"]);
      expect(texts(await broker.read(topic, 0, 1, 100))).toEqual(["bbbb", "cccc"]);
    });

    // None or all: the small record beside the large one must not be there either.
    test("a record over the limit is refused and leaves nothing behind", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      const big = { headers: {}, value: Buffer.alloc(broker.maxRecordBytes + 1) };
      await expect(broker.append(topic, 0, [record("a"), big])).rejects.toMatchObject({ code: "too_large" });
      await expect(broker.append(topic, 1, [record("a")])).rejects.toMatchObject({ code: "not_found" });
      expect(await broker.watermarks(topic, 0)).toEqual({ low: 0, high: 0 });
      await broker.append(topic, 0, [{ headers: {}, value: Buffer.alloc(broker.maxRecordBytes, 7) }]);
      expect((await all(0, 1))[0]?.value.length).toBe(broker.maxRecordBytes);
    });

    // Totals are durable before the commit that they are true for (rules of the log 6): after a restart both are there.
    test("records, groups and commits are there after a restart", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 2 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      await broker.append(topic, 1, [record("a"), record("b")]);
      await broker.join(
        { group, topic },
        async (claim) => {
          if (claim.partition === 1) await claim.commit(1, [{ key: `${group}/totals`, value: Buffer.from("1") }]);
          while ((await claim.read(10)).length > 0);
        },
        failing,
      );
      await expect
        .poll(() => broker.position(group), eventually)
        .toContainEqual({ partition: 1, registered: 0, committed: 1 });
      broker = await under.restart();
      expect(await broker.groups()).toContainEqual({ group, topic, start: "earliest" });
      expect(await broker.position(group)).toEqual([
        { partition: 0, registered: 0 },
        { partition: 1, registered: 0, committed: 1 },
      ]);
      expect(Buffer.from((await broker.state.get(`${group}/totals`)) ?? []).toString()).toBe("1");
      expect(texts(await all(1, 2))).toEqual(["a", "b"]);
      expect((await broker.append(topic, 1, [record("c")])).baseOffset).toBe(2);
      expect(texts(await all(1, 3))).toEqual(["a", "b", "c"]);
      // A member of the process after it may write in the name of the same group.
      const appended = Promise.withResolvers<number>();
      await broker.join(
        { group, topic },
        async (claim) => {
          if (claim.partition === 1) appended.resolve((await claim.append(topic, 1, [record("d")])).baseOffset);
          while ((await claim.read(10)).length > 0);
        },
        appended.reject,
      );
      expect(await appended.promise).toBe(3);
    });

    // Rules of the log 7. What an old topic holds was acknowledged to others, before this group was promised anything.
    test("the first registration wins; without a start an old topic is read from its end, a new one from its beginning", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      const { timestamp } = await broker.append(topic, 0, [record("a")]);
      expect(await broker.registerGroup({ group, topic })).toEqual([{ partition: 0, registered: 0 }]);
      expect(await broker.registerGroup({ group, topic, start: "latest" })).toEqual([{ partition: 0, registered: 0 }]);
      const since = { group: `${group}.since`, topic, start: { since: timestamp } };
      expect(await broker.registerGroup(since)).toEqual([{ partition: 0, registered: 0 }]);
      const after = { group: `${group}.after`, topic, start: { since: timestamp + 3_600_000 } };
      expect(await broker.registerGroup(after)).toEqual([{ partition: 0, registered: 1 }]);
      broker = await under.restart();
      expect(await broker.registerGroup({ group: `${group}.late`, topic })).toEqual([{ partition: 0, registered: 1 }]);
      await expect(broker.position(`${group}.unknown`)).rejects.toMatchObject({ code: "not_found" });
      await expect(broker.registerGroup({ group, topic: `${topic}.missing` })).resolves.toBeDefined();
    });

    // Twice, for the two ways to wait: on a topic that is empty, and at the end of one that is not.
    test("a reader waits for records and is woken by them", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      const seen: string[] = [];
      const member = await broker.join(
        { group, topic },
        async (claim) => {
          for (let got = await claim.read(100); got.length > 0; got = await claim.read(100)) seen.push(...texts(got));
        },
        failing,
      );
      await broker.append(topic, 0, [record("a")]);
      await expect.poll(() => seen, eventually).toEqual(["a"]);
      await broker.append(topic, 0, [record("b")]);
      await expect.poll(() => seen, eventually).toEqual(["a", "b"]);
      await member.leave();
    });

    // Forth is how a pipeline goes on behind what its enriched partition has already (rules of the log 3).
    test("seek moves the read position, forth and back", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      await broker.append(
        topic,
        0,
        ["a", "b", "c"].map((one) => record(one)),
      );
      const seen: string[][] = [];
      const member = await broker.join(
        { group, topic },
        async (claim) => {
          claim.seek(2);
          seen.push(texts(await claim.read(100)));
          claim.seek(0);
          seen.push(texts(await claim.read(1)));
          while ((await claim.read(100)).length > 0);
        },
        failing,
      );
      await expect.poll(() => seen, eventually).toEqual([["c"], ["a"]]);
      await member.leave();
    });

    // Two owners of one partition at a time would write every result twice (rules of the log 4).
    test("members share the partitions, never two one; who stays takes over what was left", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 4 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      const held = [new Set<Claim>(), new Set<Claim>()] as const;
      const generations: number[] = [];
      const holder = (claims: Set<Claim>) => async (claim: Claim) => {
        for (const other of [...held[0], ...held[1]]) expect(other.partition).not.toBe(claim.partition);
        claims.add(claim);
        generations.push(claim.generation);
        while ((await claim.read(1000)).length > 0);
        claims.delete(claim);
      };
      const sizes = () => held.map(({ size }) => size);
      const first = await broker.join({ group, topic }, holder(held[0]), failing);
      await expect.poll(sizes, eventually).toEqual([4, 0]);
      const second = await broker.join({ group, topic }, holder(held[1]), failing);
      await expect.poll(sizes, eventually).toEqual([2, 2]);
      await first.leave();
      expect(held[0].size).toBe(0);
      await expect.poll(sizes, eventually).toEqual([0, 4]);
      await second.leave();
      expect(held[1].size).toBe(0);
      expect(generations).toEqual([...generations].sort((a, b) => a - b));
    });

    // A process that was asleep does not know that it lost its partition; the log does, and refuses.
    test("a claim that was given up can neither append nor commit", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      const claims: Claim[] = [];
      const member = await broker.join(
        { group, topic },
        async (claim) => {
          claims.push(claim);
          await claim.append(topic, 0, [record("mine")]);
          while ((await claim.read(10)).length > 0);
        },
        failing,
      );
      await expect.poll(async () => (await broker.watermarks(topic, 0)).high, eventually).toBe(1);
      await member.leave();
      const [claim] = claims;
      expect(claim?.revoked.aborted).toBe(true);
      await expect(claim?.append(topic, 0, [record("late")])).rejects.toMatchObject({ code: "aborted" });
      await expect(claim?.commit(1, [])).rejects.toMatchObject({ code: "aborted" });
      expect(await claim?.read(10)).toEqual([]);
      expect(await broker.position(group)).toEqual([{ partition: 0, registered: 0 }]);
      expect(await broker.watermarks(topic, 0)).toMatchObject({ high: 1 });
    });

    // Commits may overtake each other on their way; the late one must not bring back what has settled.
    test("a new claim starts at the commit, which only moves forward", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      await broker.append(
        topic,
        0,
        ["a", "b", "c"].map((one) => record(one)),
      );
      const committing = await broker.join(
        { group, topic },
        async (claim) => {
          await claim.commit(2, []);
          await claim.commit(1, []);
          while ((await claim.read(10)).length > 0);
        },
        failing,
      );
      await expect
        .poll(() => broker.position(group), eventually)
        .toEqual([{ partition: 0, registered: 0, committed: 2 }]);
      await committing.leave();
      const seen: unknown[] = [];
      const reading = await broker.join(
        { group, topic },
        async (claim) => {
          seen.push(claim.start, texts(await claim.read(100)));
          while ((await claim.read(10)).length > 0);
        },
        failing,
      );
      await expect.poll(() => seen, eventually).toEqual([{ registered: 0, committed: 2 }, ["c"]]);
      await reading.leave();
    });

    // Once: its owner answers by joining again, and would join twice.
    test("a reader that throws fails its member once, and others take its partitions", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 2 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      const failures: Error[] = [];
      const failed = Promise.withResolvers<void>();
      await broker.join(
        { group, topic },
        async (claim) => {
          if (claim.partition === 0) await failed.promise;
          if (claim.partition === 0) throw new Fault("bug", "broken on purpose");
          while ((await claim.read(10)).length > 0);
        },
        (fault) => failures.push(fault),
      );
      failed.resolve();
      await expect.poll(() => failures.map(({ message }) => message), eventually).toEqual(["broken on purpose"]);
      const taken: number[] = [];
      const member = await broker.join(
        { group, topic },
        async (claim) => {
          taken.push(claim.partition);
          while ((await claim.read(10)).length > 0);
        },
        failing,
      );
      await expect.poll(() => [...taken].sort(), eventually).toEqual([0, 1]);
      await member.leave();
      expect(failures).toHaveLength(1);
    });

    // It waits because readers commit on their way out, and need an open log for it.
    test("close ends every member and waits for it; after it everything fails", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 2 }]);
      await broker.registerGroup({ group, topic });
      let holding = 0;
      await broker.join(
        { group, topic },
        async (claim) => {
          holding++;
          while ((await claim.read(10)).length > 0);
          holding--;
        },
        failing,
      );
      await expect.poll(() => holding, eventually).toBe(2);
      await broker.close();
      expect(holding).toBe(0);
      await expect(broker.append(topic, 0, [record("a")])).rejects.toMatchObject({ code: "aborted" });
    });
  });
}
