import { enrichedHeaders } from "@rondo/broker";
import { memoryBroker } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CLOCKS_APART_MS, keptFrom, spanStart, takenInAt } from "./span-start.ts";

async function log(times: readonly number[]) {
  const broker = memoryBroker({ partitions: 1 });
  await broker.ensureTopics([{ name: "t" }]);
  for (const [offset, at] of times.entries()) {
    const headers = at < 0 ? {} : enrichedHeaders({ tenant: "a", items: 1, origin: `0:${offset}:0/1`, at });
    await broker.append("t", 0, [{ headers, value: Buffer.of(1) }]);
  }
  return broker;
}

test("property: everything of the time or younger stands at the start or behind it, and little that is older", async () => {
  const steps = fc.array(fc.nat(30_000), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(600_000), async (gaps, time) => {
      let at = 0;
      const times = gaps.map((gap) => (at += gap));
      const start = await spanStart(await log(times), "t", 0, time);
      expect(start).toBe(times.filter((one) => one < time - CLOCKS_APART_MS).length);
    }),
  );
});

test("what retention has removed is not looked for, and records that say nothing are not stepped over", async () => {
  const broker = await log([10_000, 20_000, -1, -1, 90_000]);
  expect(await spanStart(broker, "t", 0, 80_000)).toBe(2);
  broker.trim("t", 0, 4);
  expect(await spanStart(broker, "t", 0, 0)).toBe(4);
  expect(await spanStart(broker, "t", 0, 900_000)).toBe(5);
});

test("a time of which retention may have removed something is found out, and one that the topic still has", async () => {
  const broker = await log([10_000, 20_000, 30_000]);
  expect(await keptFrom(broker, "t", 0)).toBeUndefined();
  broker.trim("t", 0, 1);
  expect(await keptFrom(broker, "t", 0)).toBe(20_000);
  expect(await keptFrom(broker, "t", 20_000)).toBeUndefined();
  broker.trim("t", 0, 3);
  expect(await keptFrom(broker, "t", 0)).toBeUndefined();
});

test.each([
  [{ at: "1700000000000" }, 1_700_000_000_000],
  [{ at: "soon" }, undefined],
  [{}, undefined],
])("%j was taken in at %s", (headers, at) => {
  expect(takenInAt({ offset: 0, timestamp: 5, headers, value: Buffer.of() })).toBe(at);
});
