import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue, VALUE_DEPTH, type Value } from "./any-value.ts";
import { decodeRequest } from "./codec.ts";
import { countItems } from "./count.ts";
import { compileEdits } from "./edit.ts";
import { editItems, editResources, editScopes } from "./edit-requests.ts";
import { FlawedItems } from "./flawed-items.ts";
import { requestToJson } from "./json.ts";
import type { ItemFlaw } from "./message-check.ts";
import { partitionByResource, partitionRequest } from "./partition.ts";
import { partitionByTrace } from "./partition-by-trace.ts";
import { removeItems } from "./remove-items.ts";
import { anyRequest, atLeast, mutatedRequest, recorded } from "./request.cases.ts";
import type { Signal } from "./signal.ts";
import { splitRequest } from "./split.ts";
import { shiftTimes, timeRange } from "./times.ts";
import { REQUEST_BOUNDS, type ValidationDepth, validateRequest } from "./validate.ts";
import { forEachItem, forEachResource } from "./walk.ts";
import { WireError } from "./wire-error.ts";
import { Writer } from "./writer.ts";

const ids = Buffer.from("0a1011111111111111111111111111111111120822222222222222220", "hex");

/** A request of one span with the given content behind its ids. */
function span(content: Uint8Array, head: Uint8Array = ids): Uint8Array {
  return new Writer()
    .bytes(1, new Writer().bytes(2, new Writer().bytes(2, Buffer.concat([head, content])).finish()).finish())
    .finish();
}

/** The flaws of a request: kind, number of items and the first field of each, and the indices of all flawed items. */
function flawsOf(signal: Signal, body: Uint8Array) {
  const flawed = new FlawedItems();
  const items = validateRequest(signal, body, flawed);
  const kinds = [...flawed.kinds].map(([flaw, { items, path }]) => [flaw, items, path]);
  return { kinds, indices: Array.from({ length: items }, (_, index) => index).filter((index) => flawed.has(index)) };
}

const NONE = { kinds: [], indices: [] };

test("takes what the codec takes, and counts alike", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      expect(validateRequest(signal, body)).toBe(countItems(signal, body));
    }),
  );
  for (const { signal, body } of recorded()) {
    expect(validateRequest(signal, body)).toBe(countItems(signal, body));
    expect(flawsOf(signal, body)).toEqual(NONE);
  }
});

test.each<[string, string, string]>([
  [
    "truncated varint",
    "0a09120712053080808080",
    "resourceSpans[0].scopeSpans[0].spans[0].kind: varint runs past the end",
  ],
  ["a tag of six bytes", "9a808080800000", "tag out of range"],
  ["a length of six bytes", "0a0a" + "0a08" + "0a8080808080" + "0000", "length out of range"],
  ["varint of eleven bytes", "0a1012" + "0e" + "120c30" + "ffffffffffffffffffff01", "varint of more than 64 bits"],
  ["field number 0", "0a06120412020200", "resourceSpans[0].scopeSpans[0].spans[0]: field number 0"],
  ["group", "0a0412021213", "length"],
  ["start of a group", "0a0612041202a301", "group"],
  ["wire type 7", "0a0612041202a701", "wire type 7"],
  ["name as a number", "0a06120412022801", "resourceSpans[0].scopeSpans[0].spans[0].name: wire type 0 where 2 belongs"],
  ["resources as a number", "0801", "resourceSpans[0]: wire type 0 where 2 belongs"],
  ["length past the end", "0a0412021205", "resourceSpans[0].scopeSpans[0].spans"],
  ["fixed64 cut off", "0a0712051203390000", "fixed value runs past the end"],
])("refuses %s", (_name, hex, message) => {
  expect(() => validateRequest("traces", Buffer.from(hex, "hex"))).toThrow(WireError);
  expect(() => validateRequest("traces", Buffer.from(hex, "hex"))).toThrow(message);
});

test("values nest to the limit and no deeper", () => {
  const nested = (depth: number): Value => (depth === 0 ? "x" : new Map([["k", nested(depth - 1)]]));
  const attribute = (value: Uint8Array) =>
    new Writer().bytes(9, new Writer().text(1, "k").bytes(2, value).finish()).finish();
  const wrap = (value: Uint8Array) =>
    new Writer().bytes(6, new Writer().bytes(1, new Writer().text(1, "k").bytes(2, value).finish()).finish()).finish();
  const deepest = anyValue(nested(VALUE_DEPTH));
  const body = span(attribute(deepest));
  expect(validateRequest("traces", body)).toBe(1);
  expect(Buffer.from(requestToJson("traces", body)).toString()).toContain('"stringValue":"x"');
  expect(decodeRequest("traces", body).resourceSpans.length).toBe(1);
  expect(() => validateRequest("traces", span(attribute(wrap(deepest))))).toThrow("values nested deeper than 32");
  expect(() => anyValue(nested(VALUE_DEPTH + 1))).toThrow(RangeError);
});

test("a metric has its data once", () => {
  const metric = (...data: number[]) =>
    new Writer().bytes(1, new Writer().bytes(2, new Writer().bytes(2, Buffer.from(data)).finish()).finish()).finish();
  expect(validateRequest("metrics", metric(0x2a, 0))).toBe(0);
  expect(() => validateRequest("metrics", metric(0x2a, 0, 0x3a, 0))).toThrow("a second data field in one metric");
  expect(() => validateRequest("metrics", metric(0x2a, 0, 0x2a, 0))).toThrow(
    "resourceMetrics[0].scopeMetrics[0].metrics[0].gauge",
  );
});

test.each<[string, string, ItemFlaw, string]>([
  ["a span without ids", "", "trace_id", ""],
  ["a trace id of 15 bytes", `0a0f${"11".repeat(15)}12082222222222222222`, "trace_id", ".traceId"],
  ["a trace id of zeros", `0a10${"00".repeat(16)}12082222222222222222`, "trace_id", ".traceId"],
  ["a span id of zeros", `0a10${"11".repeat(16)}1208${"00".repeat(8)}`, "span_id", ".spanId"],
])("keeps the request and tells of %s", (_name, hex, flaw, path) => {
  const body = span(new Uint8Array(0), Buffer.from(hex, "hex"));
  expect(validateRequest("traces", body)).toBe(1);
  expect(flawsOf("traces", body)).toEqual({
    kinds: [[flaw, 1, `resourceSpans[0].scopeSpans[0].spans[0]${path}`]],
    indices: [0],
  });
});

test("names are UTF-8, values need not be", () => {
  const path = "resourceSpans[0].scopeSpans[0].spans[0]";
  const kinds = (hex: string) => flawsOf("traces", span(Buffer.from(hex, "hex"))).kinds;
  expect(kinds("2a01ff")).toEqual([["name_utf8", 1, `${path}.name`]]);
  expect(kinds("4a0a0a01ff12050a03616263")).toEqual([["name_utf8", 1, `${path}.attributes[0].key`]]);
  expect(kinds("4a080a016b12030a01ff")).toEqual([]);
});

test("a flaw of a resource is one of all its items, wherever it stands", () => {
  const flawless = span(new Uint8Array(0));
  const scope = new Writer()
    .bytes(2, Buffer.concat([new Writer().bytes(2, ids).finish(), new Writer().bytes(2, ids).finish()]))
    .finish();
  const resource = new Writer().bytes(1, Buffer.from("0a050a01ff1200", "hex")).finish();
  const body = Buffer.concat([flawless, new Writer().bytes(1, Buffer.concat([scope, resource])).finish(), flawless]);
  expect(validateRequest("traces", body)).toBe(4);
  expect(flawsOf("traces", body)).toEqual({
    kinds: [["name_utf8", 2, "resourceSpans[1].resource.attributes[0].key"]],
    indices: [1, 2],
  });
});

test("what is left when flawed items are taken out has no flaws", () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 0xff)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(anyRequest, changes, ([signal, body], changed) => {
      const bytes = Buffer.from(body);
      for (const [at, value] of changed) if (bytes.length > 0) bytes[at % bytes.length] = value;
      const flawed = new FlawedItems();
      let items: number;
      try {
        items = validateRequest(signal, bytes, flawed);
      } catch {
        return;
      }
      const left = removeItems(signal, bytes, (index) => flawed.has(index));
      const again = new FlawedItems();
      expect(validateRequest(signal, left, again)).toBe(items - flawed.count);
      expect(again.any).toBe(false);
    }),
    atLeast(2_000),
  );
});

test("a request of nothing but flaws costs time in proportion to its size", () => {
  const empty = REQUEST_BOUNDS.items;
  const body = new Writer(2 * empty + 64)
    .bytes(1, new Writer(2 * empty + 32).bytes(2, Buffer.from("1200".repeat(empty), "hex")).finish())
    .finish();
  const flawed = new FlawedItems();
  expect(validateRequest("traces", body, flawed)).toBe(empty);
  expect(flawed.count).toBe(empty);
  expect(removeItems("traces", body, (index) => flawed.has(index))).toHaveLength(0);
});

const program = compileEdits([
  { action: "insert", key: "k", value: anyValue("v") },
  { action: "hash", matches: (name) => name.length % 2 === 0 },
  { action: "convert", key: "a", to: "string" },
  { action: "extract", key: "b", extract: (text) => [[text, text]] },
]);

/** Every operation over a body that may be anything. */
const operations: Readonly<Record<string, (signal: Signal, body: Uint8Array) => unknown>> = {
  countItems,
  validate: (signal, body) => validateRequest(signal, body, new FlawedItems()),
  split: (signal, body) => splitRequest(signal, body, { maxItems: 1, maxBytes: 100 }),
  partition: (signal, body) => partitionRequest(signal, body, 7, "t"),
  partitionByResource: (signal, body) => partitionByResource(signal, body, 7, "t"),
  partitionByTrace: (signal, body) => signal === "traces" && partitionByTrace(body, 7, "t"),
  editItems: (signal, body) => editItems(signal, body, program),
  editResources: (signal, body) => editResources(signal, body, program),
  editScopes: (signal, body) => editScopes(signal, body, program),
  removeItems: (signal, body) => removeItems(signal, body, (index) => index % 2 === 0),
  shiftTimes: (signal, body) => shiftTimes(signal, body, (nanos) => nanos + 1n),
  timeRange,
  toJson: requestToJson,
  decode: decodeRequest,
  forEachItem: (signal, body) => forEachItem(signal, body, () => undefined),
  forEachResource: (signal, body) => forEachResource(signal, body, () => undefined),
};

test("mutated bytes are an answer or a WireError, never anything else; what is valid works everywhere", () => {
  fc.assert(
    fc.property(mutatedRequest, ([signal, body]) => {
      let valid = true;
      try {
        validateRequest(signal, body);
      } catch {
        valid = false;
      }
      for (const [name, run] of Object.entries(operations)) {
        try {
          run(signal, body);
        } catch (error) {
          if (!(error instanceof WireError) || (valid && name !== "decode")) throw error;
          expect(error.path, name).toBeTypeOf("string");
        }
      }
    }),
    atLeast(1500),
  );
});

/** What validation says of a request: its items and flaws, or that it is refused. */
function verdictOf(signal: Signal, body: Uint8Array, depth: ValidationDepth) {
  const flawed = new FlawedItems();
  try {
    return { items: validateRequest(signal, body, flawed, depth), flawed };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

/** What a gateway does with a request of which only the items' own fields have been read. */
const cuts = ["countItems", "split", "partition", "partitionByResource", "partitionByTrace", "removeItems"];

test("less depth takes no less, and what it takes can be cut", () => {
  fc.assert(
    fc.property(mutatedRequest, ([signal, body]) => {
      const [request, items, own] = (["request", "items", "own"] as const).map((depth) =>
        verdictOf(signal, body, depth),
      );
      if (request !== undefined) expect(items).toEqual(request);
      if (request !== undefined) expect(own).toBeDefined();
      // Fields of an item itself that cannot be read are an error of the request where only they are read.
      if (own === undefined) return;
      if (items === undefined) throw new Error("what is inside items was an error of the request");
      expect(own.items).toBe(items.items);
      // An item of several flaws is named for the first.
      expect(own.flawed.count).toBeLessThanOrEqual(items.flawed.count);
      for (const name of cuts) expect(() => operations[name]?.(signal, body), name).not.toThrow();
      const left = removeItems(signal, body, (index) => items.flawed.has(index));
      expect(verdictOf(signal, left, "request")).toMatchObject({ items: items.items - items.flawed.count });
      expect(verdictOf(signal, left, "request")?.flawed.any).toBe(false);
    }),
    atLeast(3_000),
  );
});

test("what is malformed inside an item is its own matter, but not inside a resource", () => {
  // An attribute whose key runs past its end.
  const broken = Buffer.from("4a030a0561", "hex");
  const body = span(broken);
  expect(() => validateRequest("traces", body)).toThrow("spans[0].attributes[0].key: length 5 runs past");
  expect(validateRequest("traces", body, undefined, "own")).toBe(1);
  const flawed = new FlawedItems();
  expect(validateRequest("traces", body, flawed, "items")).toBe(1);
  expect([...flawed.kinds]).toEqual([
    ["malformed", { items: 1, path: "resourceSpans[0].scopeSpans[0].spans[0].attributes[0].key" }],
  ]);
  const resource = new Writer().bytes(1, new Writer().bytes(1, Buffer.from("0a030a0561", "hex")).finish()).finish();
  for (const depth of ["own", "items"] as const) {
    expect(() => validateRequest("traces", resource, undefined, depth)).toThrow("resource.attributes[0].key");
  }
});

test("what is valid stays valid under every edit", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      const items = countItems(signal, body);
      expect(validateRequest(signal, editItems(signal, body, program))).toBe(items);
      expect(validateRequest(signal, editResources(signal, body, program))).toBe(items);
      expect(validateRequest(signal, editScopes(signal, body, program))).toBe(items);
      expect(
        validateRequest(
          signal,
          shiftTimes(signal, body, (nanos) => nanos + 1n),
        ),
      ).toBe(items);
      expect(
        validateRequest(
          signal,
          removeItems(signal, body, (index) => index === 1),
        ),
      ).toBe(items - (items > 1 ? 1 : 0));
    }),
  );
});

test("a request of nothing but frames is refused before it costs seconds", () => {
  const empty = (tag: string, count: number) => Buffer.from(`${tag}00`.repeat(count), "hex");
  const resources = empty("0a", REQUEST_BOUNDS.frames);
  expect(() => validateRequest("logs", resources)).toThrow("more than 500000 resources, scopes and metrics");
  expect(validateRequest("logs", resources.subarray(0, -2))).toBe(0);
  const records = (count: number) => new Writer().bytes(1, new Writer().bytes(2, empty("12", count)).finish()).finish();
  expect(validateRequest("logs", records(REQUEST_BOUNDS.items))).toBe(REQUEST_BOUNDS.items);
  expect(() => validateRequest("logs", records(REQUEST_BOUNDS.items + 1))).toThrow("more than 1000000 items");
});
