import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue, type Value } from "./any-value.ts";
import { REQUEST_TYPES } from "./codec.ts";
import { convertValue } from "./convert-value.ts";
import { Cursor, Wire } from "./cursor.ts";
import { compileEdits, type Edit } from "./edit.ts";
import { editItems, editResources, editScopes } from "./edit-requests.ts";
import * as generated from "./gen/codec.ts";
import { METRIC_DATA } from "./layout.ts";
import { anyRequest, atLeast, KEYS, recorded } from "./request.cases.ts";
import type { Signal } from "./signal.ts";
import { attributeOf, forEachItem } from "./walk.ts";

// The oracle edits what the generated codec decodes, as plainly as it can be written, and encodes the result.
interface Pair {
  key: string;
  value?: object | null;
}
// biome-ignore lint/suspicious/noExplicitAny: the generated codec has no types
const codec = (generated.opentelemetry as any).proto.common.v1;
const decodeValue = (bytes: Uint8Array) => codec.AnyValue.decode(bytes);
const encodeValue = (value: object | null | undefined): Uint8Array =>
  value ? codec.AnyValue.encode(value).finish() : Buffer.alloc(0);

function oracle(pairs: Pair[], edit: Edit): Pair[] {
  const index = pairs.findIndex(({ key }) => key === edit.key);
  const found = pairs[index];
  const put = (at: number, key: string, value: object) =>
    at < 0 ? [...pairs, { key, value }] : pairs.map((pair, i) => (i === at ? withValue(pair, value) : pair));
  switch (edit.action) {
    case "insert":
    case "update":
    case "upsert": {
      const source = edit.fromAttribute === undefined ? undefined : pairs.find(({ key }) => key === edit.fromAttribute);
      if (edit.fromAttribute !== undefined && !source) return pairs;
      if (edit.action === "insert" ? index >= 0 : edit.action === "update" && index < 0) return pairs;
      return put(
        index,
        edit.key,
        source ? decodeValue(encodeValue(source.value)) : decodeValue(edit.value ?? Buffer.alloc(0)),
      );
    }
    case "delete":
      return pairs.filter(({ key }) => key !== edit.key && !edit.matches?.(key));
    case "hash":
      return pairs.map((pair) =>
        pair.key === edit.key || edit.matches?.(pair.key) ? withValue(pair, hashed(pair.value)) : pair,
      );
    case "convert": {
      const converted = found && convertValue(encodeValue(found.value), edit.to);
      return converted ? put(index, edit.key, decodeValue(converted)) : pairs;
    }
    case "extract": {
      // biome-ignore lint/suspicious/noExplicitAny: as above
      const value = found?.value as any;
      if (!found || value?.value !== "stringValue") return pairs;
      let result = pairs;
      for (const [key, text] of edit.extract(value.stringValue) ?? []) {
        result = oracle(result, { action: "upsert", key, value: anyValue(text) });
      }
      return result;
    }
  }
}

/** The attribute with another value and everything else that it had. */
function withValue(pair: Pair, value: object): Pair {
  const edited = codec.KeyValue.decode(codec.KeyValue.encode(pair).finish());
  edited.value = value;
  return edited;
}

function hashed(value: object | null | undefined): object {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const any = value as any;
  const eight = Buffer.alloc(8);
  let input = Buffer.alloc(0);
  if (any?.value === "stringValue") input = Buffer.from(any.stringValue, "utf8");
  if (any?.value === "boolValue") input = Buffer.from([any.boolValue ? 1 : 0]);
  if (any?.value === "intValue") {
    eight.writeInt32LE(any.intValue.low, 0);
    eight.writeInt32LE(any.intValue.high, 4);
    input = eight;
  }
  if (any?.value === "doubleValue") {
    eight.writeDoubleLE(any.doubleValue);
    input = eight;
  }
  return decodeValue(anyValue(input.length === 0 ? "" : createHash("sha256").update(input).digest("hex")));
}

/** The lists that each operation edits, as [owner, write back when it was absent]. */
// biome-ignore lint/suspicious/noExplicitAny: as above
type Loose = any;
function itemLists(signal: Signal, request: Loose): Loose[] {
  const resources: Loose[] = request.resourceSpans ?? request.resourceMetrics ?? request.resourceLogs;
  const scopes = resources.flatMap((entry) => entry.scopeSpans ?? entry.scopeMetrics ?? entry.scopeLogs);
  const entries = scopes.flatMap((scope) => scope.spans ?? scope.metrics ?? scope.logRecords);
  if (signal !== "metrics") return entries;
  return entries.flatMap((metric) => Object.values(METRIC_DATA).flatMap(({ name }) => metric[name]?.dataPoints ?? []));
}

const values: fc.Arbitrary<Value> = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.double({ noNaN: true }),
  fc.constant(["x", 1n]),
);
const key = fc.constantFrom(...KEYS, "new");
const predicates = fc.constantFrom<(key: string) => boolean>(
  (name) => name.startsWith("service"),
  (name) => name.length === 1,
  () => false,
);
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ action: fc.constantFrom("insert", "update", "upsert"), key, value: values.map(anyValue) }),
  fc.record({ action: fc.constantFrom("insert", "update", "upsert"), key, fromAttribute: key }),
  fc.record({ action: fc.constantFrom("delete", "hash"), key }),
  fc.record({ action: fc.constantFrom("delete", "hash"), key, matches: predicates }),
  fc.record({ action: fc.constantFrom("delete", "hash"), matches: predicates }),
  fc.record({ action: fc.constant("convert"), key, to: fc.constantFrom("int", "double", "string") }),
  fc.record({
    action: fc.constant("extract"),
    key,
    extract: fc.constant((text: string) =>
      text.length > 2
        ? ([
            ["first", text.slice(0, 1)],
            ["a", "A"],
          ] as const)
        : undefined,
    ),
  }),
) as fc.Arbitrary<Edit>; // fast-check widens the literals of records.

type What = "items" | "resources" | "scopes";
const EDIT = { items: editItems, resources: editResources, scopes: editScopes } satisfies Record<What, unknown>;

function oracleBody(signal: Signal, body: Uint8Array, list: readonly Edit[], what: What): Buffer {
  const type = REQUEST_TYPES[signal];
  const request: Loose = type.decode(body);
  const run = (pairs: Pair[]) => list.reduce(oracle, pairs);
  if (what === "items") for (const item of itemLists(signal, request)) item.attributes = run(item.attributes);
  else {
    const resources: Loose[] = request.resourceSpans ?? request.resourceMetrics ?? request.resourceLogs;
    const scopes = () => resources.flatMap((entry) => entry.scopeSpans ?? entry.scopeMetrics ?? entry.scopeLogs);
    const name = what === "resources" ? "resource" : "scope";
    for (const entry of what === "resources" ? resources : scopes()) {
      const edited = run(entry[name]?.attributes ?? []);
      if (entry[name]) entry[name].attributes = edited;
      else if (edited.length > 0) entry[name] = { attributes: edited };
    }
  }
  return Buffer.from(type.encode(request).finish());
}

/** Canonical bytes in hex, without what an attribute loses when it is written anew: whether an empty value was absent. */
function normal(signal: Signal, body: Uint8Array): string {
  const type = REQUEST_TYPES[signal];
  const request = type.decode(body);
  const visit = (value: Loose): void => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
    if (value instanceof codec.KeyValue) {
      value.value ??= new codec.AnyValue();
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(request);
  return Buffer.from(type.encode(request).finish()).toString("hex");
}

test.each(["items", "resources", "scopes"] as const)("edits of %s are those of the decoded request", (what) => {
  const edit = EDIT[what];
  fc.assert(
    fc.property(anyRequest, fc.array(edits, { minLength: 1, maxLength: 4 }), ([signal, body], list) => {
      const before = Buffer.from(body);
      const edited = edit(signal, body, compileEdits(list));
      expect(normal(signal, edited)).toEqual(normal(signal, oracleBody(signal, body, list, what)));
      expect(before.equals(body)).toBe(true);
    }),
    atLeast(400),
  );
});

test("a program runs again without finding anything to do, and gives the same bytes back", () => {
  const program = compileEdits([
    { action: "insert", key: "deployment.environment", value: anyValue("prod") },
    { action: "upsert", key: "team", value: anyValue(7) },
    { action: "delete", matches: (name) => name.startsWith("telemetry.") },
  ]);
  for (const { signal, body } of recorded()) {
    for (const edit of Object.values(EDIT)) {
      const edited = edit(signal, body, program);
      expect(edited).not.toBe(body);
      expect(edit(signal, edited, program)).toBe(edited);
    }
  }
});

test("lengths that grow past a byte take their parents with them", () => {
  // A span of 120 bytes in a scope, a resource and a request whose lengths all cross 127 with the insert.
  const span = Buffer.concat([Buffer.from([0x2a, 118]), Buffer.alloc(118, 0x78)]);
  const body = Buffer.concat([Buffer.from([0x0a, 124, 0x12, 122, 0x12, 120]), span]);
  const edited = editItems("traces", body, compileEdits([{ action: "insert", key: "k", value: anyValue("v") }]));
  expect(edited.length).toBe(body.length + 3 + 10);
  const field = new Cursor(edited);
  for (const number of [1, 2, 2]) {
    expect(field.next() && field.is(number, Wire.bytes)).toBe(true);
    expect(field.stop).toBe(edited.length);
    field.enter(field);
  }
});

test("where is asked once per item, in order, with what forEachItem shows; only what it names is edited", () => {
  const program = compileEdits([{ action: "upsert", key: "chosen", value: anyValue(true) }]);
  const chosen = Buffer.from("chosen");
  fc.assert(
    fc.property(anyRequest, fc.func(fc.boolean()), ([signal, body], choose) => {
      const seen: unknown[] = [];
      forEachItem(signal, body, (item, around) => void seen.push([item.at, item.stop, structuredClone(around)]));
      const asked: unknown[] = [];
      const edited = editItems(signal, body, program, (item, around) => {
        asked.push([item.at, item.stop, structuredClone(around)]);
        return choose(asked.length - 1);
      });
      expect(asked).toEqual(seen);
      const marks: boolean[] = [];
      forEachItem(signal, edited, (item, { attributes }) => {
        marks.push(attributeOf(item.slice(), attributes, chosen) !== undefined);
      });
      expect(marks).toEqual(seen.map((_, index) => choose(index)));
      expect(editItems(signal, body, program, () => false)).toBe(body);
    }),
  );
});
