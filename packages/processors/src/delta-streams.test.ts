import { Fault } from "@rondo/core";
import { Writer } from "@rondo/otlp";
import { expect, test } from "vitest";
import { DeltaStreams } from "./delta-streams.ts";

const stream = (tenant: string, value: unknown = 1n, data = 7) => ({ tenant, data, start: 5n, time: 2n ** 60n, value });
const open = (streams = 2) => new DeltaStreams({ staleMs: 1_000, streams });

test("a tenant has as many streams as it may, and room again when others are stale", () => {
  const streams = open();
  streams.advance(10_000);
  expect(["a", "b", "c"].map((key) => streams.begin(key, stream("one")))).toEqual([true, true, false]);
  expect(streams.begin("d", stream("other"))).toBe(true);
  streams.advance(11_000);
  const a = streams.get("a");
  if (a !== undefined) expect(streams.update("a", a, a)).toBe(true);
  streams.advance(11_001);
  expect([streams.size, streams.get("a")?.seen, streams.get("b")]).toEqual([1, 11_000, undefined]);
  expect(streams.begin("c", stream("one"))).toBe(true);
});

test("a histogram counts once more for every 64 buckets, and neither begins nor grows beyond what the tenant may have", () => {
  const histogram = (buckets: number) => ({ count: 1, counts: new Array<number>(buckets).fill(0), bounds: [] });
  const streams = open(3);
  streams.advance(10_000);
  expect(streams.begin("big", stream("one", histogram(192), 9))).toBe(false);
  expect(streams.begin("h", stream("one", histogram(63), 9))).toBe(true);
  const h = streams.get("h");
  if (h === undefined) throw new Error("no stream");
  expect(streams.update("h", h, { ...h, value: histogram(192) })).toBe(false);
  expect(h.value).toEqual(histogram(63));
  expect(streams.update("h", h, { ...h, value: histogram(128) })).toBe(true);
  expect(streams.begin("n", stream("one"))).toBe(false);
  const heir = open(3);
  heir.restore(streams.checkpoint());
  heir.advance(10_000);
  expect(heir.begin("n", stream("one"))).toBe(false);
  heir.advance(11_001);
  expect(heir.begin("big", stream("one", histogram(191), 9))).toBe(true);
});

test("time that goes back makes nothing older or younger", () => {
  const streams = open();
  streams.advance(10_000);
  streams.begin("a", stream("one"));
  streams.advance(5_000);
  streams.begin("b", stream("one"));
  expect([streams.get("a")?.seen, streams.get("b")?.seen]).toEqual([10_000, 10_000]);
});

test("a checkpoint has every stream in its order, its tenant's number of them and the clock", () => {
  const streams = open();
  streams.advance(10_000);
  const key = String.fromCharCode(...Array.from({ length: 16 }, (_, index) => index * 17));
  streams.begin(key, stream("ä", 2n ** 62n));
  streams.begin("h", stream("ä", { count: 1, counts: [1, 0], bounds: [0.5], sum: 2 }, 9));
  const heir = open();
  heir.restore(streams.checkpoint());
  expect(heir.get(key)).toEqual({ ...stream("ä", 2n ** 62n), seen: 10_000 });
  expect(heir.checkpoint()).toEqual(streams.checkpoint());
  heir.advance(9_000);
  expect(heir.begin("c", stream("ä"))).toBe(false);
  heir.advance(11_001);
  expect(heir.size).toBe(0);
});

test.each([
  ["nothing that it ever wrote", Buffer.from("what?")],
  ["another form", new Writer().tag(1, 0).varint(2).finish()],
  ["a stream of data that it does not know", new Writer().tag(1, 0).varint(1).bytes(3, Buffer.of(0x18, 99)).finish()],
])("%s is corrupt", (_what, bytes) => {
  expect(() => open().restore(bytes)).toThrow(Fault);
});
