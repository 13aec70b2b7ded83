import { expect, test } from "vitest";
import { repeatedBytes } from "./repeated-bytes.ts";
import { SIGNALS, type Signal } from "./signal.ts";
import { splitRequest } from "./split.ts";
import { Writer } from "./writer.ts";

const field = (number: number, ...parts: readonly Uint8Array[]) =>
  Buffer.from(new Writer().bytes(number, Buffer.concat(parts)).finish());

/** A request of four empty items, metrics being a gauge's points, with so many bytes of resource around them. */
function request(signal: Signal, size: number): Buffer {
  const items = [1, 2, 3, 4].map(() => field(signal === "metrics" ? 1 : 2));
  const entries = signal === "metrics" ? [field(2, field(1, Buffer.from("name")), field(5, ...items))] : items;
  return field(1, field(1, field(9, Buffer.alloc(size))), field(2, ...entries));
}

test.each(SIGNALS)("what stands around the items of %s is what every piece of a cut repeats", (signal) => {
  const body = request(signal, 500);
  const repeated = repeatedBytes(signal, body);
  expect(repeated).toBeGreaterThan(500);
  const pieces = splitRequest(signal, body, { maxItems: 1, maxBytes: 0 });
  const sum = pieces.reduce((bytes, piece) => bytes + piece.body.length, 0);
  expect(pieces).toHaveLength(4);
  expect(sum).toBeGreaterThanOrEqual(body.length + 3 * repeated);
  // A few bytes more for tags and lengths, which every piece writes anew.
  expect(sum).toBeLessThanOrEqual(body.length + 3 * (repeated + 20));
});

test("the heaviest of several resources counts, the request's own fields do not", () => {
  const [light, heavy] = [request("logs", 5), request("logs", 300)];
  expect(repeatedBytes("logs", Buffer.concat([light, heavy, light]))).toBe(repeatedBytes("logs", heavy));
  expect(repeatedBytes("logs", Buffer.concat([field(7, Buffer.alloc(900)), heavy]))).toBe(repeatedBytes("logs", heavy));
});

test("an empty request has nothing to repeat", () => {
  expect(repeatedBytes("traces", Buffer.alloc(0))).toBe(0);
});
