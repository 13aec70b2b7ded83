import { enrichedHeaders } from "@rondo/broker";
import type { Fault } from "@rondo/core";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { oldest, SpanCursor } from "./span-cursor.ts";

const span = { from: 100_000, to: 200_000 };

async function log(partitions: number) {
  const broker = memoryBroker({ partitions });
  await broker.ensureTopics([{ name: "t" }]);
  const write = (partition: number, raw: number, at: number, items = 1) => {
    const headers = enrichedHeaders({ tenant: "a", items, origin: `${partition}:${raw}:0/1`, at });
    return broker.append("t", partition, [{ headers, value: Buffer.alloc(100) }]);
  };
  const faults: string[] = [];
  const cursor = (partition: number, more: Partial<ConstructorParameters<typeof SpanCursor>[0]> = {}) =>
    new SpanCursor({
      ...{
        broker,
        topic: "t",
        partition,
        span,
        offset: 0,
        end: broker.records("t").length / partitions,
        aheadBytes: 250,
      },
      onUnreadable: ({ message }: Fault) => faults.push(message),
      ...more,
    });
  const all = async (...cursors: SpanCursor[]) => {
    const found: string[] = [];
    for (let next = await oldest(cursors); next !== undefined; next = await oldest(cursors)) {
      next.cursor.take();
      found.push(next.found.headers.origin);
    }
    return found;
  };
  return { broker, write, cursor, all, faults };
}

test("what came in within the span, once each, and nothing that is empty", async () => {
  const { write, cursor, all } = await log(1);
  for (const [raw, at] of [
    [0, 99_999],
    [1, 100_000],
    [2, 150_000],
    [1, 100_000],
    [2, 150_000],
    [3, 199_999],
    [4, 200_000],
  ] as const)
    await write(0, raw, at);
  await write(0, 5, 150_000, 0);
  expect(await all(cursor(0))).toEqual(["0:1:0/1", "0:2:0/1", "0:3:0/1"]);
});

test("a clock that goes back a little ends nothing early; one that is far beyond the span does", async () => {
  const { write, cursor, all } = await log(1);
  for (const [raw, at] of [
    [0, 201_000],
    [1, 199_000],
    [2, 210_000],
    [3, 150_000],
  ] as const)
    await write(0, raw, at);
  expect(await all(cursor(0))).toEqual(["0:1:0/1"]);
});

test("partitions take turns by age, and none is read far ahead", async () => {
  const { write, cursor, all, broker } = await log(3);
  for (let raw = 0; raw < 20; raw++)
    for (let partition = 0; partition < 3; partition++)
      await write(partition, raw, 100_000 + raw * 300 + ((partition + raw) % 3) * 100);
  const order = await all(cursor(0), cursor(1), cursor(2));
  const at = new Map<string, number>();
  for (const { headers } of broker.records("t")) at.set(headers["origin"] ?? "", Number(headers["at"]));
  const times = order.map((origin) => at.get(origin) ?? 0);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(order).toHaveLength(60);
});

test("goes on behind what is done, and ends where the partition did", async () => {
  const { write, cursor, all } = await log(1);
  for (let raw = 0; raw < 6; raw++) await write(0, raw, 150_000);
  await write(0, 1, 150_000);
  const origin = { offset: 2, part: 0, at: 150_000 };
  expect(await all(cursor(0, { offset: 2, origin, end: 5 }))).toEqual(["0:3:0/1", "0:4:0/1"]);
});

test("a record that cannot be read is told and passed over", async () => {
  const { write, cursor, all, broker, faults } = await log(1);
  await broker.append("t", 0, [{ headers: {}, value: Buffer.of(1) }]);
  await write(0, 1, 150_000);
  expect(await all(cursor(0))).toEqual(["0:1:0/1"]);
  expect(faults[0]).toMatch(/^t\/0: the record at offset 0 .*; it is not sent again$/);
});
