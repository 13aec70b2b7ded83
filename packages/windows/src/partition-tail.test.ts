import { type Labels, labelValue } from "@rondo/promql";
import { memoryWindows } from "@rondo/testkit";
import { expect, test } from "vitest";
import { PartitionTail } from "./partition-tail.ts";
import { SLOT_MS } from "./slot.ts";
import { seriesOf, simpleWriter } from "./windows.cases.ts";

function set() {
  const store = memoryWindows();
  const taken: string[] = [];
  const tail = new PartitionTail<Labels>({
    ...{ store, tenant: "a", partition: 0 },
    define: (labels) => labels,
    take: (labels, time, value) => void taken.push(`${labelValue(labels, "__name__")}@${time}=${value}`),
  });
  const refresh = async (since = 0) => {
    const mark = await tail.refresh(since);
    return [mark?.next, ...taken.splice(0)];
  };
  return { store, refresh, write: simpleWriter(store) };
}

test("takes what is new, in the order in which it was appended, from the slots that are asked for", async () => {
  const { refresh, write } = set();
  expect(await refresh()).toEqual([undefined]);
  await write([
    [seriesOf("a"), 5, 1],
    [seriesOf("b"), SLOT_MS, 2],
  ]);
  expect(await refresh()).toEqual([1, "a@5=1", "b@60000=2"]);
  await write([[seriesOf("a"), 4, 3]]);
  expect(await refresh()).toEqual([2, "a@4=3"]);
  await write([
    [seriesOf("a"), 7, 4],
    [seriesOf("a"), SLOT_MS + 7, 5],
  ]);
  expect(await refresh(SLOT_MS + 1)).toEqual([3, "a@60007=5"]);
});

test("a slot that is shorter than it was is read from its beginning", async () => {
  const { store, refresh, write } = set();
  await write([[seriesOf("a"), 1, 1]]);
  await write([[seriesOf("a"), 2, 2]]);
  expect(await refresh()).toHaveLength(3);
  await store.expire(SLOT_MS);
  await write([[seriesOf("b"), 3, 3]]);
  expect(await refresh()).toEqual([3, "b@3=3"]);
});

test("a partition that is lost again and again while it is read is unknown", async () => {
  const { store, refresh, write } = set();
  await write([[seriesOf("a"), 1, 1]]);
  const { slots } = store;
  let losses = 0;
  store.slots = async (...asked) => {
    const found = await slots(...asked);
    losses++;
    store.flush();
    await simpleWriter(store)([[seriesOf("a"), 1, 1]]);
    return found;
  };
  expect((await refresh())[0]).toBeUndefined();
  expect(losses).toBe(3);
  store.slots = slots;
  expect(await refresh()).toEqual([1, "a@1=1"]);
});

test("a slot that ran out between the list and the read is passed over", async () => {
  const { store, refresh, write } = set();
  await write([
    [seriesOf("a"), 1, 1],
    [seriesOf("b"), SLOT_MS, 2],
  ]);
  store.slots = async () => [0, SLOT_MS].map((slot) => ({ slot, bytes: 99 }));
  await store.expire(SLOT_MS);
  expect(await refresh()).toEqual([1, "b@60000=2"]);
});
