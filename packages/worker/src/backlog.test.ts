import { FakeClock, memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { Backlog, type GroupBacklog, itemsOf, LOOK_EVERY_MS } from "./backlog.ts";
import { Ledger } from "./ledger.ts";

async function setup({ counts = true, bytes = 1 << 20 } = {}) {
  const clock = new FakeClock();
  const memory = memoryBroker({ clock });
  await memory.ensureTopics([{ name: "t" }]);
  await memory.registerGroup({ group: "g", topic: "t" });
  let reads = 0;
  let mostBytes = 0;
  const broker = {
    ...memory,
    read: (...args: Parameters<typeof memory.read>) => {
      reads++;
      mostBytes = Math.max(mostBytes, args[3]);
      return memory.read(...args);
    },
  };
  const ledger = new Ledger(broker);
  ledger.group({ group: "g", topic: "t", signal: "logs", pipeline: "logs", component: "" });
  const backlog = new Backlog({ broker, clock, counts, bytes });
  return {
    clock,
    reads: () => reads,
    mostBytes: () => mostBytes,
    write: (...items: readonly number[]) =>
      memory.append(
        "t",
        0,
        items.map((one) => ({ headers: { items: `${one}` }, value: new Uint8Array(10) })),
      ),
    /** Commits as a member that read and settled everything below `offset`. */
    async settle(offset: number) {
      const done = Promise.withResolvers<void>();
      const member = await memory.join(
        { group: "g", topic: "t" },
        async (claim) => {
          await claim.commit(offset, []);
          done.resolve();
          await new Promise<void>((resolve) => claim.revoked.addEventListener("abort", () => resolve()));
        },
        done.reject,
      );
      await done.promise;
      await member.leave();
    },
    look: async () => only(await backlog.of(await ledger.lags())),
  };
}

function only(groups: readonly GroupBacklog[]) {
  const { unread, items, isExact, seconds } = groups[0]?.partitions[0] ?? {};
  return { unread, items, isExact, seconds };
}

test("items are counted where reading is cheap, and the oldest record gives the age", async () => {
  const { clock, write, look, settle } = await setup();
  expect(await look()).toEqual({ unread: 0, items: 0, isExact: true, seconds: 0 });
  await write(5, 7);
  await clock.advance(2_000);
  await write(100);
  expect(await look()).toEqual({ unread: 3, items: 112, isExact: true, seconds: 2 });
  await settle(2);
  await clock.advance(LOOK_EVERY_MS);
  expect(await look()).toEqual({ unread: 1, items: 100, isExact: true, seconds: 10 });
  await settle(3);
  expect(await look()).toEqual({ unread: 0, items: 0, isExact: true, seconds: 0 });
});

test("a backlog that stands is read once, in pieces; until then the rest is estimated and said to be", async () => {
  const { clock, write, look, reads } = await setup({ bytes: 20 });
  await write(10, 10, 40, 40);
  expect(await look()).toMatchObject({ items: 40, isExact: false });
  expect(await look()).toMatchObject({ items: 40, isExact: false });
  const before = reads();
  await clock.advance(LOOK_EVERY_MS);
  expect(await look()).toMatchObject({ items: 100, isExact: true });
  await clock.advance(LOOK_EVERY_MS);
  expect(await look()).toMatchObject({ items: 100, isExact: true });
  expect(reads() - before).toBe(1);
});

test("a backlog of any size is counted in pieces that memory has room for", async () => {
  const { write, look, mostBytes } = await setup({ bytes: Number.POSITIVE_INFINITY });
  await write(10, 10, 40, 40);
  expect(await look()).toMatchObject({ items: 100, isExact: true });
  expect(mostBytes()).toBe(4 << 20);
});

test("where reading is dear one batch is looked at, and what was counted is no exact answer", async () => {
  const { clock, write, look, reads } = await setup({ counts: false });
  await write(10, 30);
  await write(1_000);
  expect(await look()).toMatchObject({ unread: 3, items: 30, isExact: false });
  for (let looks = 0; looks < 5; looks++) {
    await clock.advance(LOOK_EVERY_MS);
    await look();
  }
  expect(reads()).toBe(1);
});

test.each([
  ["3", 3],
  ["0", 0],
  ["-1", 1],
  ["many", 1],
])("items %s count as %d", (items, counted) => {
  expect(itemsOf({ headers: { items } })).toBe(counted);
});

test("a record without the header counts as one", () => {
  expect(itemsOf({ headers: {} })).toBe(1);
});
