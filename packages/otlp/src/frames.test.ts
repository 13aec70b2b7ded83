import { expect, test } from "vitest";
import { cutFrames, readFrames } from "./frames.ts";
import { Writer } from "./writer.ts";

/** A resource of scopes with so many empty items each. */
const resource = (...scopes: readonly number[]) => {
  const content = scopes.map((items) => {
    const entries = new Writer();
    for (let i = 0; i < items; i++) entries.bytes(2, new Uint8Array(0));
    return new Writer().bytes(2, entries.finish()).finish();
  });
  return new Writer().bytes(1, Buffer.concat(content)).finish();
};
const stray = new Writer().text(15, "x").finish();
const body = Buffer.concat([resource(2, 0, 1), stray, resource(), resource(4)]);

test("counts the items of each container, and says where the next one stands", () => {
  const frames = readFrames("logs", body);
  expect(frames.items).toBe(7);
  expect(frames.counts).toEqual([3, 8, 2, 4, 0, 6, 1, 8, 0, 10, 4, 14, 4, 14]);
});

test("counts the points of metrics, not of their data, in the usual shape and in others", () => {
  const point = new Writer().bytes(1, new Uint8Array(2)).finish();
  const gauge = (...points: readonly Uint8Array[]) => new Writer().bytes(5, Buffer.concat(points)).finish();
  // A varint of two bytes beside the points.
  const odd = Buffer.concat([gauge(point), Buffer.from([0x70, 0x80, 0x01])]);
  const metrics = [gauge(point, point), odd, gauge()].map((metric) => new Writer().bytes(2, metric).finish());
  const request = new Writer().bytes(1, new Writer().bytes(2, Buffer.concat(metrics)).finish()).finish();
  expect(readFrames("metrics", request)).toEqual({ items: 3, counts: [3, 10, 3, 10, 2, 6, 1, 8, 0, 10] });
});

test("runs of items are offered before each of them is asked for", () => {
  const seen: string[] = [];
  cutFrames("logs", body, readFrames("logs", body), {
    whole: () => false,
    add: (_, field, items) => void seen.push(`${field.field}:${items}`),
    addRun: (path, parent, child) => {
      const { stop } = parent;
      if (path.length < 2) return 0;
      // All but the last.
      parent.stop = Math.max(stop, parent.end - 2);
      if (parent.stop > stop) seen.push(`run of ${child}: ${(parent.stop - stop) / 2}`);
      return (parent.stop - stop) / 2;
    },
  });
  expect(seen).toEqual(["run of 2: 1", "2:1", "2:0", "2:1", "15:0", "1:0", "run of 2: 3", "2:1"]);
});

test("what is taken whole is not gone into, and what holds no items is always taken whole", () => {
  const seen: string[] = [];
  const asked: number[] = [];
  cutFrames("logs", body, readFrames("logs", body), {
    whole: (path, _, items) => {
      asked.push(items);
      return path.length === 1 && items === 2;
    },
    add: (path, field, items) => void seen.push(`${path.length}:${field.field}:${items}`),
  });
  // Resource, its scopes of 2 and 1; then the resource and the scope of 4.
  expect(asked).toEqual([3, 2, 1, 4, 4]);
  expect(seen).toEqual(["1:2:2", "1:2:0", "2:2:1", "0:15:0", "0:1:0", ...new Array(4).fill("2:2:1")]);
});
