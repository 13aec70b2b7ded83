import { Fault } from "@rondo/core";
import { labelValue } from "@rondo/promql";
import { FakeClock, memoryWindows } from "@rondo/testkit";
import { expect, test } from "vitest";
import { matching } from "./matchers.cases.ts";
import { SLOT_MS } from "./slot.ts";
import { openWindowReader, type WindowReaderOptions } from "./window-reader.ts";
import { seriesOf, simpleWriter } from "./windows.cases.ts";

const MINUTE = 60_000;
const up = (job: string) => seriesOf("up", { job });

function set(options: Partial<WindowReaderOptions> = {}) {
  const clock = new FakeClock();
  const store = memoryWindows();
  const settings = { store, tenant: "a", partitions: 1, keepMs: 10 * MINUTE, clock, ...options };
  const reader = openWindowReader(settings);
  const t0 = clock.now();
  /** What it holds, as `job@minute` from the start. */
  const all = async () => {
    const found = await reader.select(matching("up"), { after: 0, until: Number.POSITIVE_INFINITY });
    return found.flatMap(({ labels, times, values }) =>
      [...times].map((time, at) => `${labelValue(labels, "job")}@${(time - t0) / MINUTE}=${values[at]}`),
    );
  };
  return { clock, store, reader, all, t0, another: () => openWindowReader(settings) };
}

test("a refresh brings what was appended since, and says how far every partition is", async () => {
  const { reader, store, all, t0 } = set({ partitions: 2 });
  const [first, second] = [simpleWriter(store, 0), simpleWriter(store, 1)];
  expect(await reader.refresh()).toEqual({ watermark: Number.NEGATIVE_INFINITY, warming: true });
  await first([[up("a"), t0, 1]], { watermark: t0 + 5 });
  expect(await reader.refresh()).toEqual({ watermark: Number.NEGATIVE_INFINITY, warming: true });
  await second([[up("b"), t0, 2]], { watermark: t0 + 3, warming: true });
  expect(await reader.refresh()).toEqual({ watermark: t0 + 3, warming: true });
  expect(await all()).toEqual(["a@0=1", "b@0=2"]);
  await second([[up("b"), t0 + MINUTE, 3]], { watermark: t0 + 9 });
  expect(await all()).toHaveLength(2);
  expect(await reader.refresh()).toEqual({ watermark: t0 + 5, warming: false });
  expect(await all()).toEqual(["a@0=1", "b@0=2", "b@1=3"]);
  expect(reader.held()).toEqual({ series: 2, samples: 3 });
});

test("only new bytes are read", async () => {
  const { reader, store, t0 } = set();
  const write = simpleWriter(store);
  let read = 0;
  const { read: really } = store;
  store.read = async (...asked) => {
    const bytes = await really(...asked);
    read += bytes.length;
    return bytes;
  };
  for (let minute = 0; minute < 20; minute++) {
    await write([[up("a"), t0 + (minute % 10) * MINUTE, minute]]);
    await reader.refresh();
  }
  expect(read).toBe(store.bytes(0));
});

test("a select is given what lies in its span, whoever else's there is", async () => {
  const { reader, store, t0 } = set();
  const write = simpleWriter(store);
  await write([
    [up("a"), t0, 1],
    [up("a"), t0 + 1, 2],
    [up("b"), t0 + 2, 3],
  ]);
  await write([[up("z"), t0 + 1, 9]], {}, "another tenant");
  await reader.refresh();
  const found = await reader.select(matching("up"), { after: t0, until: t0 + 1 });
  expect(found.map(({ labels, times, values }) => [labelValue(labels, "job"), [...times], [...values]])).toEqual([
    ["a", [t0 + 1], [2]],
  ]);
});

test("of samples with one time the first stays, and what comes late is put in its place", async () => {
  const { reader, store, all, t0 } = set();
  const write = simpleWriter(store);
  await write([[up("a"), t0 + 2 * MINUTE, 2]]);
  await reader.refresh();
  await write([
    [up("a"), t0, 0],
    [up("a"), t0 + 2 * MINUTE, 9],
    [up("a"), t0 + MINUTE, 1],
  ]);
  await reader.refresh();
  expect(await all()).toEqual(["a@0=0", "a@1=1", "a@2=2"]);
});

test("what no query can reach any more is let go", async () => {
  const { reader, store, all, clock, t0 } = set({ keepMs: MINUTE });
  const write = simpleWriter(store);
  await write([
    [up("a"), t0, 1],
    [up("b"), t0 + 5 * MINUTE, 1],
  ]);
  await reader.refresh();
  await clock.advance(8 * MINUTE);
  await reader.refresh();
  expect(await all()).toEqual(["b@5=1"]);
  expect(reader.held()).toEqual({ series: 1, samples: 1 });
  // Its slot is still read, and so its dictionary.
  await write([[up("a"), t0 + 5 * MINUTE, 2]]);
  await reader.refresh();
  expect(await all()).toEqual(["b@5=1", "a@5=2"]);
});

test("after a clock that was ahead, what was let go of is there again", async () => {
  const { reader, store, all, clock, t0 } = set({ keepMs: MINUTE });
  const write = simpleWriter(store);
  await write([[up("a"), t0, 1]]);
  await reader.refresh();
  clock.set(60 * MINUTE);
  await reader.refresh();
  expect(await all()).toEqual([]);
  clock.set(-60 * MINUTE);
  await write([[up("a"), t0 + MINUTE, 2]]);
  await reader.refresh();
  expect(await all()).toEqual(["a@0=1", "a@1=2"]);
});

// The slot grew again beyond where the reader was, with other bytes.
test("after a loss slots are read from their beginning, and what was read stays true", async () => {
  const { reader, store, all, t0, another } = set();
  const write = simpleWriter(store);
  await write([[up("a"), t0, 1]]);
  await reader.refresh();
  store.flush();
  expect(await reader.refresh()).toEqual({ watermark: Number.NEGATIVE_INFINITY, warming: true });
  const anew = simpleWriter(store);
  await anew([[up("b"), t0, 2]], { warming: true });
  await anew([[up("a"), t0, 1]], { warming: true });
  expect(await reader.refresh()).toMatchObject({ warming: true });
  expect(await all()).toEqual(["a@0=1", "b@0=2"]);
  const late = another();
  await late.refresh();
  expect(late.held()).toEqual({ series: 2, samples: 2 });
});

test("a loss in the middle of a read is no fault", async () => {
  const { reader, store, all, t0 } = set();
  await simpleWriter(store)([[up("a"), t0, 1]]);
  const { read } = store;
  store.read = async () => {
    store.read = read;
    store.flush();
    const anew = simpleWriter(store);
    await anew([[up("b"), t0, 2]]);
    return Buffer.of(3, 9, 9, 9);
  };
  expect(await reader.refresh()).toEqual({ watermark: 0, warming: false });
  expect(await all()).toEqual(["b@0=2"]);
});

test("bytes that are no blocks are a fault, each time", async () => {
  const { reader, store, t0 } = set();
  const appends = [{ tenant: "a", partition: 0, slot: t0, block: Buffer.of(3, 9, 9, 9) }];
  await store.write({ partition: 0, from: undefined, to: 1, watermark: 0, warming: false, keeps: "", appends });
  for (let time = 0; time < 2; time++) await expect(reader.refresh()).rejects.toMatchObject({ code: "corrupt" });
});

test("a store that is away costs a refresh and nothing else", async () => {
  const { reader, store, all, t0 } = set({ partitions: 2 });
  const write = simpleWriter(store);
  await write([[up("a"), t0, 1]]);
  await reader.refresh();
  store.before = () => {
    throw new Fault("unavailable", "away");
  };
  await expect(reader.refresh()).rejects.toMatchObject({ code: "unavailable" });
  store.before = undefined;
  await write([[up("a"), t0 + MINUTE, 2]]);
  await reader.refresh();
  expect(await all()).toEqual(["a@0=1", "a@1=2"]);
});

// A rule that was added reads series which nobody kept before.
test("windows that were written for other selectors are warming", async () => {
  const { reader, store } = set({ keeps: "mine" });
  const write = simpleWriter(store);
  await write([], { keeps: "others" });
  expect(await reader.refresh()).toMatchObject({ warming: true, otherSelectors: true });
  await write([], { keeps: "mine" });
  const mine = await reader.refresh();
  expect([mine.warming, mine.otherSelectors]).toEqual([false, undefined]);
});

test("refreshes that overlap are one", async () => {
  const { reader, store } = set();
  let asked = 0;
  store.before = () => void asked++;
  await Promise.all([reader.refresh(), reader.refresh(), reader.refresh()]);
  expect(asked).toBe(1);
});

test.each([
  [{ maxSamples: 3 }, /max_samples 3/],
  [{ maxSeries: 1 }, /max_series 1/],
])("over a bound %o a refresh says which, until there is room again", async (bounds, said) => {
  const { reader, store, clock, t0 } = set({ keepMs: MINUTE, ...bounds });
  const write = simpleWriter(store);
  await write(["a", "b"].flatMap((job) => [0, 1].map((time) => [up(job), t0 + time, 1] as const)));
  for (let time = 0; time < 2; time++) {
    await expect(reader.refresh()).rejects.toMatchObject({ code: "too_large", message: expect.stringMatching(said) });
  }
  await clock.advance(10 * MINUTE + SLOT_MS);
  await write([[up("a"), clock.now(), 1]], { watermark: 7 });
  expect(await reader.refresh()).toEqual({ watermark: 7, warming: false });
  expect(reader.held()).toEqual({ series: 1, samples: 1 });
});
