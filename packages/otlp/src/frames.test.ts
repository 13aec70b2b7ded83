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
