import { type Batch, type Place, readFields, silentLog, systemClock, type ValuesOf } from "@rondo/core";
import { CARRIED, countItems, SIGNALS, type Signal, Writer } from "@rondo/otlp";
import { type CompactMap, requestBytes, VARIANTS } from "@rondo/testkit/processor-cases";
import fc from "fast-check";
import { expect, test } from "vitest";
import { accumulationOf, attributes, batch, limitsOf, memoryLimiter, processorTypes, resource } from "./index.ts";

const MIB = 1024 * 1024;

/** A place that fails the test on any problem. */
const place: Place = {
  path: "",
  problem: (message) => {
    throw new Error(message);
  },
  warn() {},
  at: () => place,
};

function batchValues(config: unknown): unknown {
  return readFields(batch.fields, config, place);
}

function around(signal: Signal) {
  return { id: "x", signal, pipeline: signal, clock: systemClock, random: () => 0, log: silentLog };
}

test("every processor is in the list once, under the Collector's name", () => {
  expect(processorTypes.map(({ type }) => type)).toEqual([
    ...["attributes", "batch", "deltatocumulative", "memory_limiter", "resource"],
  ]);
  for (const { type, signals, state, summary } of processorTypes) {
    // Whatever reads items knows those of the stable signals.
    const read = type === "deltatocumulative" ? ["metrics"] : SIGNALS;
    expect(signals).toEqual(["batch", "memory_limiter"].includes(type) ? CARRIED : read);
    expect(state).toBe(type === "deltatocumulative" ? "keep" : "none");
    expect(summary).toMatch(/\.$/);
  }
});

test("batch tells exporters how to join: size, bound and timeout of the configuration", () => {
  expect(accumulationOf(batchValues({ timeout: "1s", send_batch_size: 1024, send_batch_max_size: 2048 }))).toEqual({
    minItems: 1024,
    maxItems: 2048,
    waitMs: 1000,
    maxBytes: 3.5 * MIB,
  });
  expect(accumulationOf(batchValues({}))).toMatchObject({ minItems: 8192, maxItems: 0, waitMs: 200 });
});

test("batch keeps requests apart by its keys, in lower case, and bounds their combinations only when it has keys", () => {
  const needOf = (config: object) => {
    const values = readFields(batch.fields, config, place);
    return values && batch.metadata?.(values);
  };
  expect(needOf({})).toEqual({ keys: [], sent: true });
  expect(needOf({ metadata_keys: ["X-Site"], metadata_cardinality_limit: 5 })).toEqual({
    ...{ keys: ["x-site"], sent: true, combinations: 5 },
  });
});

test("batch with a timeout of 0 waits for nothing", () => {
  expect(accumulationOf(batchValues({ timeout: "0s" }))).toMatchObject({ minItems: 0, waitMs: 0 });
});

test.each([
  [{ limit_mib: 1000, spike_limit_mib: 200 }, 1000 * MIB, 800 * MIB],
  [{ limit_mib: 1000 }, 1000 * MIB, 800 * MIB],
  [{ limit_mib: 1000, limit_percentage: 10, spike_limit_percentage: 5 }, 1000 * MIB, 800 * MIB],
  [{ limit_percentage: 50 }, 2048 * MIB, 2048 * MIB - Math.floor((2048 * MIB) / 5)],
  [{ limit_percentage: 50, spike_limit_percentage: 25 }, 2048 * MIB, 1024 * MIB],
])("memory_limiter %j on 4 GiB", (config, hardBytes, softBytes) => {
  const values = readFields(memoryLimiter.fields, { check_interval: "1s", ...config }, place);
  expect(limitsOf(values, 4096 * MIB)).toEqual({ hardBytes, softBytes });
});

const key = fc.constantFrom("a", "b", "c", "service.name");
const value = fc.oneof(fc.string(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.boolean(), fc.double());
const items = fc.array(fc.dictionary(key, value), { maxLength: 6 });
const request = fc.array(fc.record({ resource: fc.dictionary(key, value), items }), { maxLength: 4 });
const plain = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
);
const action = fc.oneof(
  fc.record({ action: fc.constantFrom("insert", "update", "upsert"), key, value: plain }),
  fc.record({ action: fc.constantFrom("insert", "update", "upsert"), key, from_attribute: key }),
  fc.record({ action: fc.constantFrom("delete", "hash"), key }),
  fc.record({ action: fc.constantFrom("delete", "hash"), pattern: fc.constantFrom("^a", "b|c", "\\.") }),
  fc.record({ action: fc.constant("convert"), key, converted_type: fc.constantFrom("int", "double", "string") }),
  fc.record({ action: fc.constant("extract"), key, pattern: fc.constant("(?P<a>.)(?P<c>.*)") }),
);

// Half a megabyte that nearly vanishes in gzip, around as many of the smallest items as fit beside it.
test("batch makes no gigabyte of a request whose resource is large and whose items are many", () => {
  const field = (number: number, ...parts: readonly Uint8Array[]) =>
    Buffer.from(new Writer().bytes(number, Buffer.concat(parts)).finish());
  const items = 100_000;
  const records = Buffer.alloc(2 * items, Buffer.from([0x12, 0]));
  const cut = (resourceBytes: number) => {
    const values = readFields(batch.fields, { send_batch_size: 100, send_batch_max_size: 100 }, place);
    const body = field(1, field(1, field(9, Buffer.alloc(resourceBytes))), field(2, records));
    if (values === undefined) throw new Error("no values");
    const { parts } = batch.create(values, around("logs")).process({ signal: "logs", tenant: "default", items, body });
    expect(parts.reduce((sum, part) => sum + part.items, 0)).toBe(items);
    return { parts: parts.length, bytes: parts.reduce((sum, part) => sum + part.body.length, 0) };
  };
  expect(cut(30_000).parts).toBe(1_000);
  const { parts, bytes } = cut(450_000);
  expect(parts).toBe(74);
  expect(bytes).toBeLessThan(34 * MIB);
});

test("any edits keep every item, give the same bytes twice and leave their input alone", () => {
  fc.assert(
    fc.property(
      request,
      fc.array(action, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...VARIANTS),
      fc.integer({ min: 0, max: 3 }),
      (compact, edits, variant, bound) => {
        const { signal } = variant;
        // fast-check's dictionaries have exactly the values that cases may have.
        const body = requestBytes(compact as readonly { items: CompactMap[] }[], variant);
        const before = Buffer.from(body);
        const total = compact.reduce((sum, one) => sum + one.items.length, 0);
        const given: Batch<Signal> = { signal, tenant: "default", items: total, body };
        const limits: ValuesOf<typeof batch.fields> = {
          timeout: 0,
          send_batch_size: 0,
          send_batch_max_size: bound,
          metadata_keys: [],
          metadata_cardinality_limit: 0,
        };
        const made = [
          attributes.create(
            readFields(attributes.fields, { actions: edits }, place) ?? { actions: [], include: null, exclude: null },
            around(signal),
          ),
          resource.create(
            readFields(resource.fields, { attributes: edits }, place) ?? { attributes: [] },
            around(signal),
          ),
          batch.create(limits, around(signal)),
        ];
        for (const processor of made) {
          const first = processor.process(given);
          expect(processor.process({ ...given, body: before })).toEqual(first);
          expect(Buffer.from(body).equals(before)).toBe(true);
          expect(first.parts.reduce((sum, part) => sum + part.items, 0)).toBe(total);
          for (const part of first.parts) expect(countItems(signal, part.body)).toBe(part.items);
          if (processor === made[2] && bound > 0)
            for (const part of first.parts) expect(part.items).toBeLessThanOrEqual(bound);
        }
      },
    ),
    { numRuns: 300 },
  );
});
