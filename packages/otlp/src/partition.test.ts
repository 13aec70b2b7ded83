import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue, keyValue } from "./any-value.ts";
import { countItems } from "./count.ts";
import { partitionRequest } from "./partition.ts";
import { anyRequest, canonical } from "./request.cases.ts";
import { Writer } from "./writer.ts";

const utf8 = (text: string) => Buffer.from(text, "utf8");

/** A request with one span per resource given as attributes. */
function traces(...resources: Readonly<Record<string, string>>[]): Uint8Array {
  const out = new Writer();
  for (const attributes of resources) {
    const entry = out.open(1);
    const resource = out.open(1);
    for (const [key, value] of Object.entries(attributes)) out.bytes(1, keyValue(utf8(key), anyValue(value)));
    out.close(resource).bytes(2, Uint8Array.of(0x12, 0)).close(entry);
  }
  return out.finish();
}

test("parts hold every resource once, in order, each where its owner belongs", () => {
  fc.assert(
    fc.property(anyRequest, fc.integer({ min: 1, max: 9 }), ([signal, body], partitions) => {
      const parts = partitionRequest(signal, body, partitions, "t");
      expect(partitionRequest(signal, body, partitions, "t", countItems(signal, body))).toEqual(parts);
      expect(parts.reduce((sum, { items }) => sum + items, 0)).toBe(countItems(signal, body));
      expect(parts.reduce((sum, part) => sum + part.body.length, 0)).toBe(body.length);
      for (const part of parts) {
        expect(part.partition).toBeLessThan(partitions);
        const [again, ...others] = partitionRequest(signal, part.body, partitions, "t");
        expect(others).toEqual([]);
        expect(again).toEqual(part);
      }
      if (parts.length === 1) expect(parts[0]?.body).toBe(body);
      else
        expect(canonical(signal, Buffer.concat(parts.map((part) => part.body))).length).toBe(
          canonical(signal, body).length,
        );
    }),
  );
});

test("the owner is the tenant and the service, whatever else the resource says", () => {
  const at = (tenant: string, attributes: Readonly<Record<string, string>>) =>
    partitionRequest("traces", traces(attributes), 1 << 20, tenant)[0]?.partition;
  const one = at("t", { "service.name": "a", "service.instance.id": "1" });
  expect(at("t", { "host.name": "x", "service.instance.id": "1", "service.name": "a" })).toBe(one);
  expect(at("u", { "service.name": "a", "service.instance.id": "1" })).not.toBe(one);
  expect(at("t", { "service.name": "a" })).not.toBe(one);
  // What stands in one part cannot be mistaken for another: "a" + "b" is not "" + "ab".
  expect(at("t", { "service.namespace": "a", "service.name": "b" })).not.toBe(at("t", { "service.name": "ab" }));
  expect(at("t", { "service.namespace": "a" })).not.toBe(at("t", { "service.name": "a" }));
  expect(at("t", { "service.namespace": "" })).not.toBe(at("t", {}));
});

test("the hash never moves: partitions of stored data depend on it", () => {
  const parts = partitionRequest(
    "traces",
    traces({ "service.name": "fl-server" }, { "service.name": "fl-client" }),
    12,
    "default",
  );
  expect(parts.map(({ partition }) => partition)).toMatchInlineSnapshot(`
    [
      0,
      4,
    ]
  `);
});

test("a request without resources has a place too", () => {
  expect(partitionRequest("logs", new Uint8Array(0), 5, "t")).toEqual([
    { partition: expect.any(Number), items: 0, body: new Uint8Array(0) },
  ]);
});

/** A request of one log whose resource has these bytes. */
function logs(resource: Uint8Array): Uint8Array {
  const out = new Writer();
  const entry = out.open(1);
  out.bytes(1, resource).bytes(2, Uint8Array.of(0x12, 0)).close(entry);
  return out.finish();
}

test("the owner is found wherever it stands, and a resource that is made to be slow is not", () => {
  const at = (resource: Uint8Array) => partitionRequest("logs", logs(resource), 1 << 20, "t")[0]?.partition;
  const name = keyValue(utf8("service.name"), anyValue("a"));
  const own = new Writer().bytes(1, name).finish();
  const size = 1 << 20;
  const empty = Buffer.alloc(size, Uint8Array.of(0x0a, 0));
  expect(at(Buffer.concat([empty, own]))).toBe(at(own));
  // A pair whose fields are as many as it has bytes: each of them copied anew for the next took a minute.
  const beside = new Writer().bytes(1, Buffer.concat([name, Buffer.alloc(size, Uint8Array.of(0x18, 1))])).finish();
  expect(at(beside)).toBe(at(own));
  const value = new Writer().bytes(2, anyValue("a")).finish();
  const parts = new Writer().bytes(1, Buffer.concat([name, Buffer.alloc(value.length << 18, value)])).finish();
  expect(at(parts)).toBe(at(own));
}, 5_000);
