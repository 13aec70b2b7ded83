import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest } from "./codec.ts";
import { concatRequests } from "./concat.ts";
import { countItems } from "./count.ts";
import { anyRequest, recorded } from "./request.cases.ts";
import { SIGNALS, type Signal } from "./signal.ts";
import { splitRequest } from "./split.ts";

/** Every item with its resource, scope and metric head, as text. */
function items(signal: Signal, body: Uint8Array): string[] {
  return [...decodedItems(signal, decodeRequest(signal, body))].map(({ resource, scope, metric, item }) => {
    const head = metric && { ...metric, gauge: 0, sum: 0, histogram: 0, exponentialHistogram: 0, summary: 0 };
    return JSON.stringify([resource, scope, head, item], (_, value) =>
      typeof value === "bigint" ? `${value}n` : value,
    );
  });
}

const bounds = fc.record({
  maxItems: fc.nat(6),
  maxBytes: fc.oneof(fc.constant(0), fc.integer({ min: 20, max: 600 })),
});

test("pieces hold the same items in the same order with the same surroundings, within the bounds", () => {
  fc.assert(
    fc.property(anyRequest, bounds, ([signal, body], bound) => {
      const pieces = splitRequest(signal, body, bound);
      expect(pieces.flatMap((piece) => items(signal, piece.body))).toEqual(items(signal, body));
      for (const { items, body: piece } of pieces) {
        expect(items).toBe(countItems(signal, piece));
        if (bound.maxItems > 0) expect(items).toBeLessThanOrEqual(bound.maxItems);
        if (bound.maxBytes === 0 || piece.length <= bound.maxBytes) continue;
        // Only what cannot be cut is larger: one item, or nothing but an empty container or an unknown field.
        expect(items).toBeLessThanOrEqual(1);
        expect(splitRequest(signal, piece, { maxItems: 1, maxBytes: 1 }).length).toBe(1);
      }
    }),
  );
});

test("pieces are filled: no two neighbours would have fitted into one", () => {
  for (const signal of SIGNALS) {
    const all = concatRequests(
      recorded()
        .filter((request) => request.signal === signal)
        .map(({ body }) => body),
    );
    const pieces = splitRequest(signal, all, { maxItems: 0, maxBytes: 4000 });
    const sizes = pieces.map(({ body }) => body.length);
    expect(sizes.every((size, i) => i === 0 || size + (sizes[i - 1] ?? 0) > 4000 - 1300)).toBe(true);
    expect(splitRequest(signal, all, { maxItems: 1, maxBytes: 0 }).length).toBe(countItems(signal, all));
  }
});

test("a request within the bounds is the same bytes", () => {
  const [request] = recorded();
  if (!request) throw new Error("nothing recorded");
  const [piece] = splitRequest(request.signal, request.body, { maxItems: 0, maxBytes: request.body.length });
  expect(piece?.body).toBe(request.body);
});

test("one item over the bound stands alone", () => {
  // Three spans of 3, 300 and 3 bytes.
  const span = (size: number) =>
    Buffer.concat([Buffer.from([0x12, 0x80 | (size & 0x7f), size >> 7]), Buffer.alloc(size, 0x7a)]);
  const filler = (size: number) => {
    const field = span(size);
    // The span's content is one unknown field of bytes.
    field.writeUInt8(0xa2, 3);
    field.writeUInt8(0x01, 4);
    field.writeUInt8(0x80 | ((size - 4) & 0x7f), 5);
    field.writeUInt8((size - 4) >> 7, 6);
    return field;
  };
  const spans = Buffer.concat([filler(10), filler(300), filler(10)]);
  const wrap = (inner: Buffer, tag: number) =>
    Buffer.concat([Buffer.from([tag, 0x80 | (inner.length & 0x7f), inner.length >> 7]), inner]);
  const pieces = splitRequest("traces", wrap(wrap(spans, 0x12), 0x0a), { maxItems: 0, maxBytes: 100 });
  expect(pieces.map(({ items }) => items)).toEqual([1, 1, 1]);
});

test("what holds no items does not push an item over the bound", () => {
  const empty = Buffer.from([0x0a, 2, 0x12, 0]);
  const item = Buffer.from([0x0a, 6, 0x12, 4, 0x12, 2, 0x30, 1]);
  const pieces = splitRequest("traces", Buffer.concat([empty, empty, empty, item]), { maxItems: 0, maxBytes: 9 });
  expect(pieces.map(({ items, body }) => [items, body.length])).toEqual([
    [0, 8],
    [0, 4],
    [1, 8],
  ]);
});

test("many items cost their number, not its square", () => {
  const spans = Buffer.concat(Array.from({ length: 30_000 }, () => Buffer.from([0x12, 0])));
  const length = (n: number) => Buffer.from([0x80 | (n & 0x7f), 0x80 | ((n >> 7) & 0x7f), n >> 14]);
  const scope = Buffer.concat([Buffer.from([0x12]), length(spans.length), spans]);
  const body = Buffer.concat([Buffer.from([0x0a]), length(scope.length), scope]);
  const start = performance.now();
  expect(splitRequest("traces", body, { maxItems: 1, maxBytes: 0 }).length).toBe(30_000);
  expect(performance.now() - start).toBeLessThan(2000);
});
