/**
 * What cuts, joins or takes out, beside the same on objects of the generated codec, unknown fields included. Edits, times,
 * counts and JSON are compared beside their sources. `RONDO_RUNS=200000` makes every property here and there run that often.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { REQUEST_TYPES } from "./codec.ts";
import { concatRequests } from "./concat.ts";
import { partitionByResource, partitionRequest } from "./partition.ts";
import { partitionByTrace } from "./partition-by-trace.ts";
import { removeItems } from "./remove-items.ts";
import { anyRequest, requests } from "./request.cases.ts";
import { SIGNALS, type Signal } from "./signal.ts";
import { splitRequest } from "./split.ts";

// biome-ignore lint/suspicious/noExplicitAny: the generated codec has no types
type Loose = any;

/** Each level of a request: its list of children, and whether a message has one. The last level's children are items. */
const CHILDREN = [
  ["resourceSpans", "resourceMetrics", "resourceLogs"],
  ["scopeSpans", "scopeMetrics", "scopeLogs"],
  ["spans", "metrics", "logRecords"],
];
const DATA = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];

/** A message as text, without the fields that are named, with what the codec does not know. */
function text(message: Loose, without: readonly string[]): string {
  const own = Object.entries(message).filter(([name]) => !without.includes(name));
  const unknown = (message.$unknowns ?? []).map((bytes: Uint8Array) => Buffer.from(bytes).toString("hex"));
  return JSON.stringify([own, unknown], (_, value) => {
    if (Object.is(value, -0)) return "-0";
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
    return value.$unknowns === undefined ? value : { ...value, unknown: value.$unknowns };
  });
}

/** One item, or one container without any: the texts of all that is around it, outermost first, and its own. */
interface Leaf {
  readonly path: readonly string[];
  readonly isItem: boolean;
  /** The resource and the item, as objects. */
  readonly resource: Loose;
  readonly item: Loose;
}

/** Every item and every container without one, in order. */
function leaves(signal: Signal, request: Loose): Leaf[] {
  const found: Leaf[] = [];
  const visit = (message: Loose, path: readonly string[], depth: number, resource: Loose) => {
    const isMetric = signal === "metrics" && depth === 3;
    const names = isMetric ? DATA : depth === 4 ? ["dataPoints"] : CHILDREN[depth];
    const isItem = names === undefined || (depth === 3 && !isMetric);
    const here = depth === 0 ? [] : [...path, text(message, isItem ? [] : (names ?? []))];
    const children = isItem ? [] : (names ?? []).flatMap((name) => message[name] ?? []);
    for (const child of children) visit(child, here, depth + 1, depth === 0 ? child.resource : resource);
    if (children.length === 0 && depth > 0) found.push({ path: here, isItem, resource, item: message });
  };
  visit(request, [], 0, undefined);
  return found;
}

const decode = (signal: Signal, body: Uint8Array): Loose => REQUEST_TYPES[signal].decode(body);
const leavesOf = (signal: Signal, body: Uint8Array) => leaves(signal, decode(signal, body));
const paths = (list: readonly Leaf[]) => list.map(({ path }) => path);
/** What the request itself does not know, in order. */
const strays = (signal: Signal, body: Uint8Array) =>
  Buffer.concat(decode(signal, body).$unknowns ?? []).toString("hex");

test("the codec keeps what it does not know, or nothing here would compare it", () => {
  const stray = Buffer.from([0xa2, 0x01, 1, 0x78]);
  const resource = Buffer.concat([Buffer.from([0x0a, stray.length]), stray]);
  expect(strays("traces", Buffer.concat([resource, stray]))).toBe(stray.toString("hex"));
  expect(paths(leavesOf("traces", resource))).toEqual([['[[],["a2010178"]]']]);
});

const bounds = fc.record({
  maxItems: fc.nat(6),
  maxBytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 600 })),
});

test("pieces of a split are its leaves in turn", () => {
  fc.assert(
    fc.property(anyRequest, bounds, ([signal, body], bound) => {
      const pieces = splitRequest(signal, body, bound);
      expect(pieces.flatMap((piece) => paths(leavesOf(signal, piece.body)))).toEqual(paths(leavesOf(signal, body)));
      expect(pieces.map((piece) => strays(signal, piece.body)).join("")).toBe(strays(signal, body));
      const items = pieces.map((piece) => leavesOf(signal, piece.body).filter(({ isItem }) => isItem).length);
      expect(pieces.map((piece) => piece.items)).toEqual(items);
    }),
  );
});

test("what is joined is the leaves of all", () => {
  const lists = fc
    .constantFrom(...SIGNALS)
    .chain((signal) => fc.tuple(fc.constant(signal), fc.array(requests(signal), { maxLength: 3 })));
  fc.assert(
    fc.property(lists, ([signal, bodies]) => {
      const joined = concatRequests(bodies);
      expect(paths(leavesOf(signal, joined))).toEqual(bodies.flatMap((body) => paths(leavesOf(signal, body))));
      expect(strays(signal, joined)).toBe(bodies.map((body) => strays(signal, body)).join(""));
    }),
  );
});

test("what is left when items are taken out is the other items", () => {
  fc.assert(
    fc.property(anyRequest, fc.func(fc.boolean()), ([signal, body], gone) => {
      const items = leavesOf(signal, body).filter(({ isItem }) => isItem);
      const left = removeItems(signal, body, gone);
      expect(paths(leavesOf(signal, left))).toEqual(paths(items.filter((_, index) => !gone(index))));
      expect(strays(signal, left)).toBe(strays(signal, body));
    }),
  );
});

/** What decides where a leaf goes, as text; leaves of one owner go together. */
const OWNERS: Readonly<Record<string, (leaf: Leaf) => string>> = {
  service: ({ resource }) =>
    JSON.stringify(["service.namespace", "service.name", "service.instance.id"].map((key) => first(resource, key))),
  resource: ({ resource }) => {
    const keys = new Set<string>((resource?.attributes ?? []).map(({ key }: Loose) => key));
    return JSON.stringify([...keys].sort().map((key) => [key, first(resource, key)]));
  },
  trace: ({ isItem, item }) => (isItem ? Buffer.from(item.traceId).toString("hex") : "none"),
};

function first(resource: Loose, key: string): string {
  const pair = resource?.attributes?.find((attribute: Loose) => attribute.key === key);
  return pair === undefined ? "absent" : text(pair.value ?? {}, []);
}

const PARTITIONERS = {
  service: partitionRequest,
  resource: partitionByResource,
  trace: (_: Signal, body: Uint8Array, partitions: number, tenant: string) =>
    partitionByTrace(body, partitions, tenant),
};

test.each(["service", "resource", "trace"] as const)("parts by %s are the leaves of their owners, in order", (by) => {
  const any = by === "trace" ? requests("traces").map((body) => ["traces", body] as const) : anyRequest;
  fc.assert(
    fc.property(any, fc.integer({ min: 1, max: 6 }), ([signal, body], partitions) => {
      const parts = PARTITIONERS[by](signal, body, partitions, "t");
      const owner = OWNERS[by] ?? (() => "");
      const places = new Map<string, number>();
      for (const part of parts) {
        for (const leaf of leavesOf(signal, part.body)) {
          // A span's parts have no owner but their first span's.
          if (by === "trace" && !leaf.isItem) continue;
          expect(places.get(owner(leaf)) ?? part.partition).toBe(part.partition);
          places.set(owner(leaf), part.partition);
        }
      }
      const all = leavesOf(signal, body);
      const home = places.get(owner(all.find(({ isItem }) => isItem) ?? all[0] ?? NO_LEAF)) ?? parts[0]?.partition;
      const placeOf = (leaf: Leaf) => (by === "trace" && !leaf.isItem ? home : places.get(owner(leaf)));
      for (const { partition, items, body: part } of parts) {
        const expected = all.filter((leaf) => placeOf(leaf) === partition);
        expect(paths(leavesOf(signal, part))).toEqual(paths(expected));
        expect(items).toBe(expected.filter(({ isItem }) => isItem).length);
      }
      expect(parts.map((part) => strays(signal, part.body)).join("")).toBe(strays(signal, body));
    }),
  );
});

const NO_LEAF: Leaf = { path: [], isItem: false, resource: undefined, item: undefined };
