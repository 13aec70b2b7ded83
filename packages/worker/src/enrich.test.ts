import { type LogRecord, rawHeaders, readEnrichedHeaders } from "@rondo/broker";
import type { Processor } from "@rondo/core";
import { Cursor, countItems, Writer } from "@rondo/otlp";
import { namedSpans, profilesRequest } from "@rondo/testkit";
import { expect, test } from "vitest";
import { type EnrichOptions, enrich, type Stage } from "./enrich.ts";

const request = namedSpans;

function record(value: Uint8Array, offset = 7): LogRecord {
  const items = countItems("traces", value);
  return { offset, timestamp: 1_000, headers: rawHeaders({ tenant: "t", via: "otlp", items }), value };
}

function run(value: Uint8Array, stages: readonly Stage[] = [], more: Partial<EnrichOptions> = {}) {
  const options = { signal: "traces", stages, receivers: new Set(["otlp"]), maxRecordBytes: 1 << 20, ...more } as const;
  const raw = { tenant: "t", via: "otlp", items: countItems("traces", value) };
  return enrich(record(value), 3, raw, options);
}

const stage = (id: string, process: Processor["process"]): Stage => ({ id, processor: { process } });

test("without processors the very bytes go through, with origin, time and account", () => {
  const value = request(["a", "b"]);
  const { records, account, forwarded } = run(value);
  expect(records).toHaveLength(1);
  expect(records[0]?.value).toBe(value);
  expect(records[0]?.given).toBeUndefined();
  expect(forwarded).toBe(2);
  expect(account).toEqual({ entered: 2, created: 0, dropped: {} });
  const headers = readEnrichedHeaders({ ...record(value), headers: records[0]?.headers ?? {} });
  expect(headers).toEqual({ tenant: "t", items: 2, origin: "3:7:0/1", at: 1_000, account });
});

test("what processors made of a record is the log's to free, what they left is the raw record's", () => {
  const made = Buffer.from(Buffer.alloc(20_000, request(["a"])));
  const { records } = run(request(["a"]), [stage("make", ({ items }) => ({ parts: [{ items, body: made }] }))]);
  expect(records[0]?.given).toBe(true);
});

test("parts that share their memory keep it until nobody needs any of them, and stay with the collector", () => {
  const twice = (parts: (body: Uint8Array) => readonly Uint8Array[]) =>
    stage("twice", ({ items, body }) => ({ parts: parts(new Uint8Array(body)).map((body) => ({ items, body })) }));
  const names: string[] = [];
  const look = stage("look", ({ items, body }) => {
    names.push(Buffer.from(body).toString("latin1"));
    return { parts: [{ items, body: new Uint8Array(body) }] };
  });
  const value = request(["a"]);
  const { records } = run(value, [twice((body) => [body, body, body.subarray()]), look]);
  expect(names).toEqual(Array.from({ length: 3 }, () => Buffer.from(value).toString("latin1")));
  expect(records.map(({ given }) => given)).toEqual([true, true, true]);
  const shared = run(value, [twice((body) => [body, body])]).records;
  expect(shared.map(({ given }) => given)).toEqual([undefined, undefined]);
});

test("processors see all of a record's client metadata, exporters what they ask for, on every part", () => {
  const seen: unknown[] = [];
  const look = stage("look", ({ meta, items, body }) => {
    seen.push(meta);
    return { parts: [{ items, body }] };
  });
  const meta = { "x-a": ["1", "2"], "x-b": ["3"] };
  const made = (sentMetadata: readonly string[], maxRecordBytes = 1 << 20) => {
    const value = request(["x".repeat(500), "y".repeat(500)]);
    const options = { signal: "traces", stages: [look], receivers: new Set(["otlp"]), maxRecordBytes } as const;
    const raw = { tenant: "t", via: "otlp", items: 2, meta };
    const { records } = enrich(record(value), 3, raw, { ...options, sentMetadata });
    return records.map(({ headers }) => readEnrichedHeaders({ ...record(value), headers }).meta);
  };
  expect(made(["x-a"])).toEqual([{ "x-a": ["1", "2"] }]);
  expect(made([])).toEqual([undefined]);
  expect(made(["x-b"], 8_192 + 700)).toEqual([{ "x-b": ["3"] }, { "x-b": ["3"] }]);
  expect(seen).toEqual([meta, meta, meta]);
});

test("profiles go through as one record, or are dropped whole by name: a piece of them would mean something else", () => {
  const value = profilesRequest("x".repeat(5_000), 3);
  const raw = { tenant: "t", via: "otlp", items: 3 };
  const through = (maxRecordBytes: number) => {
    const options = { signal: "profiles", stages: [], receivers: new Set(["otlp"]), maxRecordBytes } as const;
    return enrich({ ...record(namedSpans([])), value }, 3, raw, options);
  };
  const { records, forwarded } = through(1 << 20);
  expect([records.length, forwarded]).toEqual([1, 3]);
  expect(records[0]?.value).toBe(value);
  expect(through(8_192 + 4_000)).toMatchObject({
    forwarded: 0,
    account: { dropped: { "pipeline/item_too_large": 3 } },
  });
});

test("another pipeline's receiver yields an empty record that entered nothing", () => {
  const { records, account } = run(request(["a"]), [], { receivers: new Set(["otlp/other"]) });
  expect(records.map(({ value }) => value.length)).toEqual([0]);
  expect(account.entered).toBe(0);
});

test("a processor that leaves nothing yields an empty record and its reasons", () => {
  const all = stage("filter/x", ({ items }) => ({ parts: [], drops: [{ reason: "invalid_item", items }] }));
  const { records, account, forwarded } = run(request(["a", "b"]), [all]);
  expect(records).toHaveLength(1);
  expect(forwarded).toBe(0);
  expect(account.dropped).toEqual({ "filter/x/invalid_item": 2 });
});

test("a processor that says more than it leaves is found out by counting", () => {
  const liar = stage("liar", () => ({ parts: [{ items: 5, body: request(["a"]) }] }));
  const { account, forwarded } = run(request(["a", "b", "c", "d", "e"]), [liar]);
  expect(forwarded).toBe(1);
  expect(account).toMatchObject({ entered: 5, created: 0, dropped: { "pipeline/unexplained": 4 } });
});

test("what a later processor replaced is given back; what is still in use and the record itself are not", () => {
  const value = Uint8Array.from(request(["a", "b"]));
  const made = [request(["a", "b"]), request(["b"])].map((body) => Uint8Array.from(body));
  const [first = value, second = value] = made;
  const stages = [
    stage("first", () => ({ parts: [{ items: 2, body: first }] })),
    stage("same", (batch) => ({ parts: [batch] })),
    stage("second", () => ({ parts: [{ items: 1, body: second }] })),
  ];
  const { records } = run(value, stages);
  expect(records[0]?.value).toBe(second);
  expect([value, first, second].map(({ length }) => length > 0)).toEqual([true, false, true]);
});

test("items made from nothing are created, not negative drops", () => {
  const maker = stage("maker", () => ({ parts: [{ items: 3, body: request(["a", "b", "c"]) }] }));
  const { account, forwarded } = run(request(["a"]), [maker]);
  expect(forwarded).toBe(3);
  expect(account).toEqual({ entered: 1, created: 2, dropped: {} });
});

test("what grew over a record is cut at item borders; a single item over it is dropped by name", () => {
  const grow = stage("grow", () => ({
    parts: [{ items: 3, body: request(["x".repeat(3_000), "y".repeat(3_000), "z".repeat(9_000)]) }],
  }));
  const { records, account, forwarded } = run(request(["x", "y", "z"]), [grow], { maxRecordBytes: 8_192 + 4_000 });
  expect(forwarded).toBe(2);
  expect(account.dropped).toEqual({ "pipeline/item_too_large": 1 });
  expect(records.map(({ headers }) => headers["origin"])).toEqual(["3:7:0/2", "3:7:1/2"]);
  expect(records.map(({ headers }) => headers["acct"] !== undefined)).toEqual([true, false]);
});

test("items with more than half a record around them are dropped by name, not repeated in as many records", () => {
  const field = (tag: number, ...parts: readonly Uint8Array[]) =>
    Buffer.from(new Writer().bytes(tag, Buffer.concat(parts)).finish());
  const around = (size: number) => {
    const scopes = new Cursor(request(["a", "b", "c"].map((name) => name.repeat(1_900))));
    scopes.next();
    return field(1, field(1, field(9, Buffer.alloc(size))), scopes.slice());
  };
  const through = (size: number) => run(around(size), [], { maxRecordBytes: 8_192 + 4_000 });
  expect(through(1_900)).toMatchObject({ forwarded: 3, account: { dropped: {} } });
  expect(through(2_100)).toMatchObject({ forwarded: 0, account: { dropped: { "pipeline/item_too_large": 3 } } });
});

test("the same record gives the same bytes twice", () => {
  const value = request(["a", "b"]);
  expect(run(value)).toEqual(run(value));
});

test("what a processor breaks is found by the next that meets it, and the record is set aside as it came", () => {
  const breaks = stage("breaks", ({ items }) => ({ parts: [{ items, body: new Uint8Array([0x0a, 0x7f, 0x12]) }] }));
  const strict = stage("strict", ({ body }) => ({ parts: [{ items: countItems("traces", body), body }] }));
  const { account, forwarded, poison } = run(request(["a", "b"]), [breaks, strict]);
  expect([forwarded, account]).toEqual([0, { entered: 2, created: 0, dropped: {}, deadLettered: 2 }]);
  expect(poison?.reason).toBe("invalid_item");
});

test("a record that is no OTLP is set aside whole, before any processor sees it", () => {
  const raw = { tenant: "t", via: "otlp", items: 4 };
  const never = stage("never", () => {
    throw new Error("asked");
  });
  const options = { signal: "traces", stages: [never], receivers: new Set(["otlp"]), maxRecordBytes: 1 << 20 } as const;
  const broken = { ...record(namedSpans(["a"])), value: new Uint8Array([0x0a, 0x7f, 0x12]) };
  const { records, account, forwarded, poison } = enrich(broken, 3, raw, options);
  expect([forwarded, account]).toEqual([0, { entered: 4, created: 0, dropped: {}, deadLettered: 4 }]);
  expect(poison).toMatchObject({ reason: "invalid_item", detail: expect.stringContaining("at byte") });
  // The account of whoever takes over later comes from the enriched record.
  const headers = readEnrichedHeaders({ ...broken, headers: records[0]?.headers ?? {} });
  expect([records.length, headers.items, headers.account]).toEqual([1, 0, account]);
  const hollow = { ...broken, value: new Uint8Array() };
  expect(enrich(hollow, 3, raw, options).poison?.reason).toBe("unreadable_record");
});

test("a processor that fails is asked once more, and what it fails on again is set aside under its name", () => {
  let calls = 0;
  const failing = (times: number) =>
    stage("transform/x", (batch) => {
      if (calls++ < times) throw new TypeError("x is not a function");
      return { parts: [batch] };
    });
  expect(run(request(["a"]), [failing(1)])).toMatchObject({ forwarded: 1, account: { dropped: {} } });
  calls = 0;
  expect(run(request(["a"]), [failing(9)])).toMatchObject({
    forwarded: 0,
    account: { entered: 1, deadLettered: 1 },
    poison: { reason: "processor_failed", detail: "processor transform/x: x is not a function" },
  });
  expect(calls).toBe(2);
});

test("an item that is malformed inside is dropped alone", () => {
  const whole = Buffer.from(request(["a", "X", "c"]));
  // The name becomes the event of a span: 0x2a is Span.name, 0x5a Span.events, and no event begins with an X.
  const at = whole.lastIndexOf(Buffer.from([0x2a, 1, 0x58]));
  whole[at] = 0x5a;
  const { account, forwarded, records } = run(whole, []);
  expect([forwarded, account.dropped]).toEqual([2, { "pipeline/invalid_item": 1 }]);
  expect(records.map(({ value }) => countItems("traces", value))).toEqual([2]);
});

test.each([1, 2, 5])(
  "of three items, one malformed, a header that says %i costs none its name in the account",
  (items) => {
    const whole = Buffer.from(request(["a", "X", "c"]));
    whole[whole.lastIndexOf(Buffer.from([0x2a, 1, 0x58]))] = 0x5a;
    const same = stage("same", (batch) => ({ parts: [batch] }));
    for (const [value, stages] of [[whole, []] as const, [whole, [same]] as const]) {
      const raw = { tenant: "t", via: "otlp", items };
      const options = { signal: "traces", stages, receivers: new Set(["otlp"]), maxRecordBytes: 1 << 20 } as const;
      const { account, forwarded, records } = enrich(record(value), 3, raw, options);
      expect(forwarded).toBe(2);
      expect(records.map(({ value: sent }) => countItems("traces", sent))).toEqual([2]);
      const unexplained = items > 3 ? { "pipeline/unexplained": items - 3 } : {};
      expect(account).toEqual({
        entered: items,
        created: Math.max(0, 3 - items),
        dropped: { "pipeline/invalid_item": 1, ...unexplained },
      });
    }
  },
);

test("a sound record goes on with the items that are there, whatever its header says", () => {
  const value = request(["a", "b"]);
  const options = { signal: "traces", stages: [], receivers: new Set(["otlp"]), maxRecordBytes: 1 << 20 } as const;
  const { records, account, forwarded } = enrich(record(value), 3, { tenant: "t", via: "otlp", items: 9 }, options);
  expect(forwarded).toBe(2);
  expect(records.map(({ headers }) => headers["items"])).toEqual(["2"]);
  expect(account).toEqual({ entered: 9, created: 0, dropped: { "pipeline/unexplained": 7 } });
});

test("a flawed resource without items goes, and is no drop", () => {
  const value = request(["a"]);
  // A resource whose only attribute has a key that is no UTF-8.
  const hollow = Buffer.from("0a070a050a030a01ff", "hex");
  const { account, forwarded, records } = run(Buffer.concat([value, hollow]));
  expect([forwarded, account.dropped]).toEqual([1, {}]);
  expect(records[0]?.value.length).toBe(value.length);
});

test("bytes that only counting finds to be no OTLP set their own record aside", () => {
  // The resource is in order, what stands beside it is not: an edit of the resource passes it by.
  const edited = Buffer.from([0x0a, 0x04, 0x12, 0x02, 0x12, 0x7f]);
  const editor = stage("resource", ({ items }) => ({ parts: [{ items, body: edited }] }));
  const { records, account, forwarded } = run(request(["a", "b"]), [editor]);
  expect(records).toHaveLength(1);
  expect(forwarded).toBe(0);
  expect(account).toEqual({ entered: 2, created: 0, dropped: {}, deadLettered: 2 });
});
