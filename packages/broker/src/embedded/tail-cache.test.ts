import { expect, test } from "vitest";
import type { LogRecord } from "../log.ts";
import { TailCache } from "./tail-cache.ts";

const records = (from: number, count: number, bytes: number): readonly LogRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    headers: {},
    value: Buffer.alloc(bytes, 1),
    offset: from + index,
    timestamp: 0,
  }));

const offsets = (cache: TailCache, stream: number, from: number, most = 100) => {
  const taken: number[] = [];
  const held = cache.from(stream, from, ({ offset }) => taken.length < most && taken.push(offset) > 0);
  return held ? taken : undefined;
};

test("gives what was appended, from any offset that it holds, the very bytes", () => {
  const cache = new TailCache(100_000);
  const [first, ...rest] = records(5, 3, 1000);
  if (first === undefined) throw new Error("no record");
  cache.add(1, [first]);
  cache.add(1, rest);
  expect(offsets(cache, 1, 5)).toEqual([5, 6, 7]);
  expect(offsets(cache, 1, 6, 1)).toEqual([6]);
  expect(offsets(cache, 1, 4)).toBeUndefined();
  expect(offsets(cache, 2, 0)).toBeUndefined();
  cache.from(1, 5, ({ value }) => {
    expect(value).toBe(first.value);
    return false;
  });
});

test("stays below its limit by letting the oldest go, of whatever stream", () => {
  const cache = new TailCache(10_000);
  cache.add(0, records(0, 2, 1000));
  for (let index = 0; index < 5000; index++) {
    cache.add(1, records(index, 1, 1000));
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
  }
  expect(offsets(cache, 0, 0)).toBeUndefined();
  expect(offsets(cache, 1, 4994)).toEqual([4994, 4995, 4996, 4997, 4998, 4999]);
  expect(offsets(cache, 1, 4000)).toBeUndefined();
});

test("what is larger than all of it empties it", () => {
  const cache = new TailCache(1000);
  cache.add(0, records(0, 1, 100));
  cache.add(0, records(1, 1, 5000));
  expect(cache.bytes).toBe(0);
  expect(offsets(cache, 0, 0)).toBeUndefined();
  cache.add(0, records(2, 1, 100));
  expect(offsets(cache, 0, 2)).toEqual([2]);
});

test("a small piece of a large buffer does not keep the buffer", () => {
  const cache = new TailCache(100_000);
  const large = Buffer.alloc(1 << 20);
  cache.add(0, [{ headers: {}, value: large.subarray(0, 100), offset: 0, timestamp: 0 }]);
  cache.from(0, 0, ({ value }) => {
    expect(value.buffer.byteLength).toBeLessThan(100_000);
    return false;
  });
});

test("what was given is freed when it has left and its readers have released it, and nothing else", () => {
  const cache = new TailCache(5_000);
  const [kept, given, read, shared] = [0, 1, 2, 3].map((offset) => records(offset, 1, 1_000));
  if (kept === undefined || given === undefined || read === undefined || shared === undefined) throw new Error("none");
  cache.add(0, kept);
  for (const one of [given, read, shared]) cache.add(0, one, () => true);
  const lengths = () => [kept, given, read, shared].map(([record]) => record?.value.length);
  const taken: LogRecord[] = [];
  cache.from(0, 2, (record) => taken.push(record) > 0);
  cache.from(0, 3, (record) => taken.push(record) > 0);
  const [first, second, third] = taken;
  third?.release?.();
  expect(lengths()).toEqual([1_000, 1_000, 1_000, 1_000]);
  cache.add(0, records(4, 1, 5_000));
  expect(lengths()).toEqual([1_000, 0, 1_000, 1_000]);
  expect(first?.value).toHaveLength(1_000);
  second?.release?.();
  expect(lengths()).toEqual([1_000, 0, 1_000, 0]);
});
