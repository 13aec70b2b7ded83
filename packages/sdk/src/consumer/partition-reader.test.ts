import { enrichedHeaders } from "@rondo/broker";
import { type Fault, fired, sleep, systemClock } from "@rondo/core";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import type { ConsumedBatch } from "./consumed-batch.ts";
import { PartitionReader, type ReaderShare } from "./partition-reader.ts";

const spec = { group: "g", topic: "t" };
const never = new AbortController().signal;
type Settings = Partial<ReaderShare<"logs">>;

/** A log of one partition, its records, and readers of it that come and go as members of one group. */
async function log() {
  const broker = memoryBroker({ partitions: 1 });
  await broker.ensureTopics([{ name: "t" }]);
  await broker.registerGroup({ ...spec, start: "earliest" });
  const write = (origin: string, items = 1, at = 1_000) => {
    const value = Buffer.from(origin);
    return broker.append("t", 0, [{ headers: enrichedHeaders({ tenant: "a", items, origin, at }), value }]);
  };
  /** As Kafka keeps it beside the commit. */
  const commit = { offset: -1, note: "" };
  return { broker, write, commit };
}

type Laid = Awaited<ReturnType<typeof log>>;

async function read({ broker, commit }: Laid, settings: Settings = {}) {
  const seen: string[] = [];
  const faults: string[] = [];
  const share: ReaderShare<"logs"> = {
    spec,
    signal: "logs",
    start: "earliest",
    positions: {
      commits: async () => new Map(commit.offset < 0 ? [] : [[0, { ...commit }]]),
      watermarks: (topic, partition) => broker.watermarks(topic, partition),
      offsetSince: async () => 0,
      partitions: async () => 1,
    },
    onBatch: () => undefined,
    isManual: false,
    inFlightBytes: 1 << 20,
    retry: { initialMs: 5, maxMs: 20 },
    clock: systemClock,
    onFault: ({ message }: Fault) => faults.push(message),
    onPartition: () => undefined,
    giveUp: never,
    ...settings,
  };
  const { onBatch } = share;
  const noting = (batch: ConsumedBatch<"logs">) => {
    seen.push(batch.origin);
    return onBatch(batch);
  };
  // As on Kafka: what is taken away may still be committed for a while.
  const taken = new AbortController();
  const ended = Promise.withResolvers<void>();
  const member = await broker.join(
    spec,
    async (claim) => {
      const reader: PartitionReader<"logs"> = new PartitionReader(
        {
          ...claim,
          revoked: taken.signal,
          read: (maxBytes) => Promise.race([claim.read(maxBytes), fired(taken.signal).then(() => [])]),
          async commit(offset) {
            await claim.commit(offset, []);
            Object.assign(commit, { offset, note: reader.note() });
          },
        },
        { ...share, onBatch: noting },
      );
      await reader.run();
      ended.resolve();
      await fired(claim.revoked);
    },
    (fault) => faults.push(fault.message),
  );
  const leave = async () => {
    taken.abort();
    await ended.promise;
    await member.leave();
  };
  return { seen, faults, leave };
}

test("hands over every record once, in order, and none that is empty or repeated", async () => {
  const laid = await log();
  for (const origin of ["0:1:0/1", "0:2:0/2", "0:2:1/2", "0:1:0/1", "0:2:0/2", "0:2:1/2", "0:4:0/1"])
    await laid.write(origin);
  await laid.write("0:5:0/1", 0);
  await laid.write("0:6:0/1");
  const { seen, leave, faults } = await read(laid);
  await expect.poll(() => seen).toEqual(["0:1:0/1", "0:2:0/2", "0:2:1/2", "0:4:0/1", "0:6:0/1"]);
  await leave();
  expect(laid.commit).toEqual({ offset: 9, note: "1 1 6 0 1000" });
  expect(faults).toEqual([]);
});

test("what was settled before a restart stays settled, though it is written again behind the commit", async () => {
  const laid = await log();
  await laid.write("0:1:0/1");
  await laid.write("0:2:0/1");
  const first = await read(laid);
  await expect.poll(() => first.seen).toHaveLength(2);
  await first.leave();
  await laid.write("0:1:0/1");
  await laid.write("0:2:0/1");
  await laid.write("0:3:0/1");
  const second = await read(laid);
  await expect.poll(() => second.seen).toEqual(["0:3:0/1"]);
  await second.leave();
});

test("a raw topic that was made anew counts from its beginning, and nothing of it is taken for a repetition", async () => {
  const laid = await log();
  await laid.write("0:7:0/1");
  await laid.write("0:0:0/1", 1, 2_000);
  const { seen, leave } = await read(laid);
  await expect.poll(() => seen).toEqual(["0:7:0/1", "0:0:0/1"]);
  await leave();
});

test("a batch whose handler throws comes again until it is taken; nothing overtakes it", async () => {
  const laid = await log();
  await laid.write("0:1:0/1");
  await laid.write("0:2:0/1");
  const attempts: number[] = [];
  const { seen, faults, leave } = await read(laid, {
    onBatch: ({ attempt, origin }) => {
      if (origin !== "0:1:0/1") return;
      attempts.push(attempt);
      if (attempt < 4) throw new Error("no");
    },
  });
  await expect.poll(() => seen).toEqual(["0:1:0/1", "0:1:0/1", "0:1:0/1", "0:1:0/1", "0:2:0/1"]);
  expect(attempts).toEqual([1, 2, 3, 4]);
  expect(faults).toEqual([
    "the handler failed (offset 0 of t/0, attempt 1; again in 5 ms): no",
    "the handler failed (offset 0 of t/0, attempt 2; again in 10 ms): no",
    "the handler failed (offset 0 of t/0, attempt 3; again in 20 ms): no",
  ]);
  await leave();
});

test("a batch that is thrown at until the end is not lost: the next member gets it first", async () => {
  const laid = await log();
  await laid.write("0:1:0/1");
  await laid.write("0:2:0/1");
  const first = await read(laid, { onBatch: () => Promise.reject(new Error("poison")) });
  await expect.poll(() => first.seen.length).toBeGreaterThan(1);
  await first.leave();
  expect(laid.commit.offset).toBe(0);
  const second = await read(laid);
  await expect.poll(() => second.seen).toEqual(["0:1:0/1", "0:2:0/1"]);
  await second.leave();
});

test("manual: acknowledgements come in any order, and only what has none missing below it is committed", async () => {
  const laid = await log();
  for (const origin of ["0:1:0/1", "0:2:0/1", "0:3:0/1"]) await laid.write(origin);
  const batches: ConsumedBatch<"logs">[] = [];
  const giveUp = new AbortController();
  const settings = {
    isManual: true,
    onBatch: (batch: ConsumedBatch<"logs">) => void batches.push(batch),
    giveUp: giveUp.signal,
  };
  const first = await read(laid, settings);
  await expect.poll(() => batches).toHaveLength(3);
  batches[2]?.ack();
  batches[0]?.ack();
  batches[0]?.ack();
  await expect.poll(() => laid.commit.offset).toBe(1);
  const left = first.leave();
  giveUp.abort();
  await left;
  batches[1]?.ack();
  const second = await read(laid);
  await expect.poll(() => second.seen).toEqual(["0:2:0/1", "0:3:0/1"]);
  await second.leave();
});

test("manual: a handler that throws after it acknowledged does not get the batch again", async () => {
  const laid = await log();
  await laid.write("0:1:0/1");
  await laid.write("0:2:0/1");
  const { seen, faults, leave } = await read(laid, {
    isManual: true,
    onBatch: (batch) => {
      batch.ack();
      if (batch.offset === 0) throw new Error("too late");
    },
  });
  await expect.poll(() => seen).toEqual(["0:1:0/1", "0:2:0/1"]);
  expect(faults[0]).toContain("it had acknowledged the batch): too late");
  await leave();
});

test("reads no further than what may be in hand", async () => {
  const laid = await log();
  for (let raw = 0; raw < 50; raw++) await laid.write(`0:${raw}:0/1`);
  const batches: ConsumedBatch<"logs">[] = [];
  const { leave } = await read(laid, {
    isManual: true,
    inFlightBytes: 20 << 10,
    onBatch: (batch) => void batches.push(batch),
  });
  await expect.poll(() => batches.length).toBeGreaterThan(9);
  await sleep(systemClock, 50, never);
  const held = batches.length;
  expect(held).toBeLessThanOrEqual(50);
  for (let at = 0; at < 50; at++) {
    await expect.poll(() => batches.length).toBeGreaterThan(at);
    batches[at]?.ack();
  }
  await leave();
  expect(laid.commit.offset).toBe(50);
});

test("leaving waits for the batch in hand, and its acknowledgement is committed", async () => {
  const laid = await log();
  await laid.write("0:1:0/1");
  const hold = Promise.withResolvers<void>();
  const { seen, leave } = await read(laid, { onBatch: () => hold.promise });
  await expect.poll(() => seen).toHaveLength(1);
  const left = leave();
  hold.resolve();
  await left;
  expect(laid.commit.offset).toBe(1);
});

test("a handler that never ends is left behind when the consumer gives up", async () => {
  const laid = await log();
  await laid.write("0:1:0/1");
  const giveUp = new AbortController();
  const { seen, leave } = await read(laid, { onBatch: () => new Promise(() => undefined), giveUp: giveUp.signal });
  await expect.poll(() => seen).toHaveLength(1);
  const left = leave();
  giveUp.abort();
  await left;
  expect(laid.commit.offset).toBe(0);
});

test("a record that is not Rondo's is passed over and told", async () => {
  const laid = await log();
  await laid.broker.append("t", 0, [{ headers: {}, value: Buffer.from("who knows") }]);
  await laid.write("0:1:0/1");
  const { seen, faults, leave } = await read(laid);
  await expect.poll(() => seen).toEqual(["0:1:0/1"]);
  expect(faults[0]).toMatch(/^t\/0: the record at offset 0 of an enriched topic lacks a header.*; it was passed over$/);
  await leave();
});
