import type { Claim } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import { memoryBroker } from "./memory-broker.ts";

const value = (text: string) => Buffer.from(text);
const record = (text: string) => ({ headers: { n: text }, value: value(text) });
const texts = (records: readonly { readonly value: Uint8Array }[]) =>
  records.map((one) => Buffer.from(one.value).toString());
const failing = (fault: Error) => {
  throw fault;
};

test("appends get consecutive offsets and are read back from any of them", async () => {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t", partitions: 2 }]);
  expect((await broker.append("t", 1, [record("a"), record("b")])).baseOffset).toBe(0);
  expect((await broker.append("t", 1, [record("c")])).baseOffset).toBe(2);
  expect(texts(await broker.read("t", 1, 1, 1000))).toEqual(["b", "c"]);
  expect(await broker.read("t", 0, 0, 1000)).toEqual([]);
  expect(await broker.watermarks("t", 1)).toEqual({ low: 0, high: 3 });
});

test("what is held is not visible, and what comes later does not overtake it", async () => {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  const held = Promise.withResolvers<void>();
  broker.beforeAppend = () => held.promise;
  const first = broker.append("t", 0, [record("a")]);
  const second = broker.append("t", 0, [record("b")]);
  await Promise.resolve();
  expect(broker.records("t")).toEqual([]);
  held.resolve();
  await Promise.all([first, second]);
  expect(texts(broker.records("t"))).toEqual(["a", "b"]);
});

test("a failed append leaves nothing behind", async () => {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  broker.beforeAppend = () => failing(new Fault("disk_full", "no room"));
  await expect(broker.append("t", 0, [record("a")])).rejects.toThrow("no room");
  broker.beforeAppend = undefined;
  expect((await broker.append("t", 0, [record("b")])).baseOffset).toBe(0);
});

test("the first registration of a group wins; a topic made here is read from its beginning", async () => {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  await broker.append("t", 0, [record("a")]);
  expect(await broker.registerGroup({ group: "g", topic: "t" })).toEqual([{ partition: 0, registered: 0 }]);
  expect(await broker.registerGroup({ group: "g", topic: "t", start: "latest" })).toEqual([
    { partition: 0, registered: 0 },
  ]);
  expect(await broker.registerGroup({ group: "h", topic: "t", start: "latest" })).toEqual([
    { partition: 0, registered: 1 },
  ]);
});

test("members share the partitions; one that joins or leaves makes a new generation", async () => {
  const broker = memoryBroker({ partitions: 4 });
  await broker.ensureTopics([{ name: "t" }]);
  const spec = { group: "g", topic: "t" };
  await broker.registerGroup(spec);
  const holding = new Map<string, Set<number>>([
    ["a", new Set()],
    ["b", new Set()],
  ]);
  const holder = (name: string) => async (claim: Claim) => {
    const held = holding.get(name);
    held?.add(claim.partition);
    while ((await claim.read(1000)).length > 0);
    held?.delete(claim.partition);
  };
  const a = await broker.join(spec, holder("a"), failing);
  expect([...(holding.get("a") ?? [])]).toEqual([0, 1, 2, 3]);
  await broker.join(spec, holder("b"), failing);
  expect([...(holding.get("a") ?? [])]).toEqual([0, 2]);
  expect([...(holding.get("b") ?? [])]).toEqual([1, 3]);
  await a.leave();
  expect([...(holding.get("b") ?? [])]).toEqual([0, 1, 2, 3]);
  await broker.close();
  expect([...(holding.get("b") ?? [])]).toEqual([]);
});

test("a claim that was taken away can neither write nor commit", async () => {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  const spec = { group: "g", topic: "t" };
  await broker.registerGroup(spec);
  const claims: Claim[] = [];
  await broker.join(
    spec,
    async (claim) => {
      claims.push(claim);
      await claim.read(1);
    },
    failing,
  );
  broker.crash();
  const [claim] = claims;
  await expect(claim?.append("t", 0, [record("a")])).rejects.toMatchObject({ code: "aborted" });
  await expect(claim?.commit(1, [])).rejects.toMatchObject({ code: "aborted" });
  expect(broker.records("t")).toEqual([]);
});

test("commits only move forward, stand after a crash, and carry their state", async () => {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  const spec = { group: "g", topic: "t" };
  await broker.registerGroup(spec);
  await broker.join(
    spec,
    async (claim) => {
      await claim.commit(5, [{ key: "k", value: value("v") }]);
      await claim.commit(3, []);
      await claim.read(1);
    },
    failing,
  );
  await Promise.resolve();
  await expect.poll(() => broker.position("g")).toEqual([{ partition: 0, registered: 0, committed: 5 }]);
  broker.crash();
  expect(await broker.state.get("k")).toEqual(new Uint8Array(value("v")));
});

test("a handler that returns while it holds its partition fails its member once", async () => {
  const broker = memoryBroker({ partitions: 3 });
  await broker.ensureTopics([{ name: "t" }]);
  const spec = { group: "g", topic: "t" };
  await broker.registerGroup(spec);
  const failures: Error[] = [];
  await broker.join(
    spec,
    async () => {},
    (fault) => failures.push(fault),
  );
  await expect.poll(() => failures.length).toBe(1);
});

test("reading below what is kept goes on at the low watermark", async () => {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  await broker.append("t", 0, ["a", "b", "c"].map(record));
  broker.trim("t", 0, 2);
  expect(await broker.read("t", 0, 0, 1000)).toMatchObject([{ offset: 2 }]);
});

test("the first writer of a state key wins", async () => {
  const { state } = memoryBroker();
  await state.putFirst("k", value("one"));
  expect(Buffer.from(await state.putFirst("k", value("two"))).toString()).toBe("one");
  expect((await state.list("k")).map(([key]) => key)).toEqual(["k"]);
});
