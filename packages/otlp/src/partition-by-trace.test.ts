import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest } from "./codec.ts";
import { countItems } from "./count.ts";
import { partitionByTrace } from "./partition-by-trace.ts";
import { requests } from "./request.cases.ts";
import { Writer } from "./writer.ts";

const idOf = (trace: Uint8Array | undefined) => Buffer.from(trace ?? []).toString("hex");

/** Spans with what is around them, as text, by trace. */
function traces(body: Uint8Array): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { resource, scope, item } of decodedItems("traces", decodeRequest("traces", body))) {
    const text = JSON.stringify([resource, scope, item], (_, value) =>
      typeof value === "bigint" ? `${value}` : value,
    );
    const id = idOf(item.traceId);
    found.set(id, [...(found.get(id) ?? []), text]);
  }
  return found;
}

test("every trace stands whole, in order and with its surroundings, in the part that its id decides", () => {
  fc.assert(
    fc.property(requests("traces"), fc.integer({ min: 1, max: 5 }), (body, partitions) => {
      const parts = partitionByTrace(body, partitions, "t");
      const whole = new Map<string, string[]>();
      for (const part of parts) {
        expect(part.items).toBe(countItems("traces", part.body));
        for (const [id, spans] of traces(part.body)) {
          expect(whole.has(id)).toBe(false);
          whole.set(id, spans);
        }
        expect(partitionByTrace(part.body, partitions, "t")).toEqual([part]);
      }
      expect(new Map([...whole].sort())).toEqual(new Map([...traces(body)].sort()));
      const places = parts.map(({ partition }) => partition);
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      if (parts.length === 1) expect(parts[0]?.body).toBe(body);
    }),
  );
});

const span = (id: number) =>
  new Writer().bytes(2, new Writer().bytes(1, new Uint8Array(16).fill(id)).finish()).finish();
const resource = (...fields: readonly Uint8Array[]) =>
  new Writer().bytes(1, new Writer().bytes(2, Buffer.concat(fields)).finish()).finish();

test("the hash never moves, depends on the tenant, and not on the service", () => {
  const body = resource(...[1, 2, 3, 4, 5, 6].map(span));
  const places = (tenant: string) => partitionByTrace(body, 1 << 20, tenant).map(({ partition }) => partition);
  expect(places("default")).toMatchInlineSnapshot(`
    [
      97283,
      177982,
      180519,
      418724,
      426369,
      640161,
    ]
  `);
  expect(places("other")).not.toEqual(places("default"));
});

test("what is not of a span stays with the first span's part", () => {
  const head = new Writer().text(3, "schema").finish();
  const stray = new Writer().text(30, "stray").finish();
  const empty = resource();
  const one = span(1);
  const two = span(2);
  const parts = partitionByTrace(Buffer.concat([empty, resource(head, two, one), stray]), 12, "t");
  const bodies = parts.map(({ body }) => Buffer.from(body));
  expect(bodies).toContainEqual(Buffer.concat([empty, resource(head, two), stray]));
  expect(bodies).toContainEqual(Buffer.from(resource(head, one)));
});
