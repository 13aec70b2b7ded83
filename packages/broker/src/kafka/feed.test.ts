import { settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import type { LogRecord } from "../log.ts";
import { Feed } from "./feed.ts";

const record = (offset: number, bytes = 4): LogRecord => ({
  offset,
  timestamp: 0,
  headers: {},
  value: Buffer.alloc(bytes),
});
const offsets = (records: readonly LogRecord[]) => records.map(({ offset }) => offset);

function setup(position = 10) {
  const hungers: number[] = [];
  const feed = new Feed("t", 0, position, (one) => hungers.push(one.want()?.offset ?? -1));
  return { feed, hungers };
}

// Most readers find out first where they go on; what was fetched before that would be thrown away.
test("wants nothing before it is read from", async () => {
  const { feed, hungers } = setup();
  feed.seek(20);
  expect(feed.want()).toBeUndefined();
  expect(hungers).toEqual([]);
  void feed.take(100);
  expect(feed.want()).toMatchObject({ offset: 20 });
  expect(hungers).toEqual([20]);
});

test("wakes its reader with what comes, and gives at least one and no more bytes than asked for", async () => {
  const { feed } = setup();
  const waiting = feed.take(9);
  feed.feed([record(10), record(11), record(12)], 13);
  expect(offsets(await waiting)).toEqual([10, 11]);
  expect(offsets(await feed.take(1))).toEqual([12]);
});

test("reads ahead one read, no more", async () => {
  const { feed } = setup();
  void feed.take(8);
  feed.feed(
    [10, 11, 12, 13].map((one) => record(one)),
    14,
  );
  await settled();
  expect(feed.want()).toBeUndefined();
  await feed.take(8);
  expect(feed.want()).toMatchObject({ offset: 14 });
});

test("a seek forgets what was fetched, and what is on its way", async () => {
  const { feed, hungers } = setup();
  const reading = feed.take(4);
  const before = feed.want();
  feed.feed([record(10), record(11)], 12);
  expect(offsets(await reading)).toEqual([10]);
  feed.seek(50);
  expect(feed.isCurrent(before?.epoch ?? -1)).toBe(false);
  expect(hungers.at(-1)).toBe(50);
  const next = feed.take(100);
  feed.feed([record(50)], 51);
  expect(offsets(await next)).toEqual([50]);
});

// A reader that stopped waiting may leave its question behind.
test("two that wait are both woken", async () => {
  const { feed } = setup();
  const waiting = [feed.take(4), feed.take(4)];
  feed.feed([record(10), record(11)], 12);
  expect((await Promise.all(waiting)).map(offsets)).toEqual([[10], [11]]);
});

test("goes on behind what left nothing to see", async () => {
  const { feed } = setup();
  void feed.take(100);
  feed.feed([], 30);
  expect(feed.want()).toMatchObject({ offset: 30 });
});

test("once closed it wakes its reader with nothing, and wants nothing", async () => {
  const { feed } = setup();
  const waiting = feed.take(100);
  feed.feed([], 11);
  feed.close();
  expect(await waiting).toEqual([]);
  expect(await feed.take(1)).toEqual([]);
  expect(feed.want()).toBeUndefined();
});
