/**
 * What a broker must do while something happens to it: members that come and go, retention, a restart, and a time in which it
 * cannot write. Part of the contract of every broker, see broker-contract.ts.
 */
import type { Broker, Claim, LogRecord, NewRecord } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BrokerFactory, BrokerUnderTest } from "./broker-contract.ts";

const record = (text: string): NewRecord => ({ headers: {}, value: Buffer.from(text) });
const texts = (records: readonly LogRecord[]) => records.map(({ value }) => Buffer.from(value).toString());
const failing = (fault: Error) => {
  throw fault;
};
const eventually = { timeout: 30_000 };
/** What a client is told to come back for. */
const LATER = ["unavailable", "disk_full"];

/** Declares the tests in the current test file. */
export function brokerLivesContract(name: string, factory: BrokerFactory): void {
  describe(`${name} goes on`, () => {
    let under: BrokerUnderTest;
    let broker: Broker;
    let [topic, group] = ["", ""];
    let tests = 0;

    beforeEach(async () => {
      under = await factory.open();
      ({ broker } = under);
      tests++;
      topic = `${factory.prefix}lives.${tests}`;
      group = `${factory.prefix}lives.group.${tests}`;
    });
    afterEach(() => under.dispose());

    /** Reads a claim to its end, commits behind every read, and tells `see` what it read. */
    const committing = (see: (claim: Claim, records: readonly LogRecord[]) => void) => async (claim: Claim) => {
      for (let got = await claim.read(200); got.length > 0; got = await claim.read(200)) {
        see(claim, got);
        // A claim that was lost may not commit; its successor reads again what it had in hand.
        await claim.commit((got.at(-1)?.offset ?? 0) + 1, []).catch((thrown: unknown) => {
          expect(Fault.from(thrown).code).toBe("aborted");
        });
      }
    };
    const committed = async () => (await broker.position(group)).map((one) => one.committed ?? one.registered);

    // At-least-once through every change of owner, and in order within each ownership (rules of the log 3 and 4).
    test("while members come and go: every record is read, in order, by owners of growing generations", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 3 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      const seen = [new Set<number>(), new Set<number>(), new Set<number>()];
      const generations = [0, 0, 0];
      const last = new WeakMap<Claim, number>();
      const read = committing((claim, records) => {
        expect(claim.generation).toBeGreaterThanOrEqual(generations[claim.partition] ?? 0);
        generations[claim.partition] = claim.generation;
        for (const { offset } of records) {
          expect(offset).toBeGreaterThan(last.get(claim) ?? -1);
          last.set(claim, offset);
          seen[claim.partition]?.add(offset);
        }
      });
      const first = await broker.join({ group, topic }, read, failing);
      let written = 0;
      const write = async (count: number) => {
        for (let index = 0; index < count; index++) await broker.append(topic, written++ % 3, [record(`${written}`)]);
      };
      await write(60);
      const second = await broker.join({ group, topic }, read, failing);
      await write(60);
      await first.leave();
      await write(60);
      await expect.poll(committed, eventually).toEqual([60, 60, 60]);
      await second.leave();
      expect(seen.map(({ size }) => size)).toEqual([60, 60, 60]);
    });

    // One bad place on a disk is not the end of a partition, nor is it ever taken for what was written.
    test("behind damage: what stands before it and behind it is read, and nothing in its place but a fault", async (context) => {
      if (under.damage === undefined) return context.skip("it keeps nothing that could be damaged");
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      for (const text of ["before it", "damaged on disk", "behind it"]) await broker.append(topic, 0, [record(text)]);
      await under.damage(topic, 0, "damaged on disk");
      broker = await under.restart();
      const read: LogRecord[] = [];
      const member = await broker.join(
        { group, topic },
        async (claim) => {
          for (let got = await claim.read(200); got.length > 0; got = await claim.read(200)) read.push(...got);
        },
        failing,
      );
      await expect.poll(() => read.at(-1)?.offset, eventually).toBe(2);
      await member.leave();
      const sound = read.filter(({ fault }) => fault === undefined);
      expect(sound.map(({ offset, value }) => [offset, Buffer.from(value).toString()])).toEqual([
        [0, "before it"],
        [2, "behind it"],
      ]);
      for (const { offset, fault } of read.filter((one) => one.fault !== undefined)) {
        expect([offset, fault?.code]).toEqual([1, "corrupt"]);
      }
      expect((await broker.append(topic, 0, [record("next")])).baseOffset).toBe(3);
    });

    // What is gone is gone for everybody: nobody waits for it, and what comes later keeps its numbers.
    test("behind retention: a reader that was too slow reads what is left, and offsets stay", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      for (const text of ["a", "b", "c"]) await broker.append(topic, 0, [record(text)]);
      await under.expire(topic, 0);
      await expect.poll(() => broker.watermarks(topic, 0), eventually).toEqual({ low: 3, high: 3 });
      expect(await broker.registerGroup({ group: `${group}.new`, topic, start: "earliest" })).toEqual([
        { partition: 0, registered: 3 },
      ]);
      expect((await broker.append(topic, 0, [record("d")])).baseOffset).toBe(3);
      expect(texts(await broker.read(topic, 0, 3, 100))).toEqual(["d"]);
      const seen: string[] = [];
      const member = await broker.join(
        { group, topic },
        committing((_, records) => seen.push(...texts(records))),
        failing,
      );
      await expect.poll(committed, eventually).toEqual([4]);
      expect(seen).toEqual(["d"]);
      await member.leave();
      broker = await under.restart();
      expect(await broker.watermarks(topic, 0)).toEqual({ low: 3, high: 4 });
    });

    // A process that was killed comes back under its name and goes on where its last commit stands.
    test("after a restart: what was committed is not read again, and what was not is", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      await broker.append(topic, 0, ["a", "b", "c"].map(record));
      const before = Promise.withResolvers<number>();
      await broker.join(
        { group, topic },
        async (claim) => {
          await claim.read(1);
          await claim.commit(1, []);
          await claim.read(1);
          before.resolve(claim.generation);
          while ((await claim.read(1)).length > 0);
        },
        failing,
      );
      await before.promise;
      broker = await under.restart();
      await broker.append(topic, 0, [record("d")]);
      const seen: string[] = [];
      const member = await broker.join(
        { group, topic },
        committing((_, records) => seen.push(...texts(records))),
        failing,
      );
      await expect.poll(committed, eventually).toEqual([4]);
      expect(seen).toEqual(["b", "c", "d"]);
      await member.leave();
    });

    // A client that is told to come back still has its data; whoever waits for records need do nothing to get them afterwards.
    test("after a time in which it cannot write: appends are refused for now, and readers need no help", async () => {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await broker.registerGroup({ group, topic, start: "earliest" });
      await broker.append(topic, 0, [record("before")]);
      const seen: string[] = [];
      const member = await broker.join(
        { group, topic },
        committing((_, records) => seen.push(...texts(records))),
        failing,
      );
      await expect.poll(() => seen, eventually).toEqual(["before"]);
      const recover = await under.outage();
      const refusals = await Promise.allSettled(
        [1, 2, 3].map((one) => broker.append(topic, 0, [record(`lost ${one}`)])),
      );
      await recover();
      for (const refusal of refusals) {
        expect(refusal.status).toBe("rejected");
        if (refusal.status === "rejected") expect(LATER).toContain(Fault.from(refusal.reason).code);
      }
      await expect
        .poll(
          () =>
            broker.append(topic, 0, [record("after")]).then(
              () => "taken",
              (thrown) => Fault.from(thrown).code,
            ),
          eventually,
        )
        .toBe("taken");
      await expect.poll(() => seen, eventually).toContain("after");
      // An append whose answer was lost may have been written; it stands before what came later, once.
      expect(seen.filter((text) => text === "before" || text === "after")).toEqual(["before", "after"]);
      await member.leave();
    });
  });
}
