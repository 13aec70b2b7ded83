import type { LogRecord } from "@rondo/broker";
import { createRegistry } from "@rondo/monitor";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { GatheredSamples } from "./gathered-samples.ts";
import { SLOT_MS, slotAt } from "./slot.ts";
import { SlotDecoder } from "./slot-decoder.ts";
import { type Gauge, metricsRecord, SELECTORS } from "./writing.cases.ts";

function set() {
  const clock = new FakeClock();
  const gathered = new GatheredSamples(0, {
    ...{ selectors: SELECTORS, latenessMs: 60_000, clock, registry: createRegistry() },
  });
  const add = (gauges: readonly Gauge[], tenant = "a") => {
    const record: LogRecord = { ...metricsRecord(gauges, tenant), offset: 0, timestamp: 0 };
    gathered.add(record);
  };
  return { clock, gathered, add, t0: clock.now() };
}

test("samples lie in the slots of their times, a block for each", () => {
  const { gathered, add, t0 } = set();
  expect(gathered.take()).toEqual([]);
  add([
    ["up", "a", t0, 1],
    ["up", "b", t0 + SLOT_MS, 2],
    ["up", "a", t0 + 1, 3],
  ]);
  expect(gathered.bytes).toBeGreaterThan(50);
  const taken = gathered.take();
  expect(taken.map(({ tenant, partition, slot }) => [tenant, partition, slot - t0])).toEqual([
    ["a", 0, 0],
    ["a", 0, SLOT_MS],
  ]);
  expect([gathered.bytes, gathered.take()]).toEqual([0, []]);
});

test("labels are written once in a slot, and again after a doubt or when the slot has rested", async () => {
  const { clock, gathered, add, t0 } = set();
  const size = (time = t0) => {
    add([["up", "a", time, 1]]);
    return gathered.take()[0]?.block.length ?? 0;
  };
  const whole = size();
  expect(size()).toBeLessThan(whole / 2);
  gathered.forget();
  expect(size()).toBe(whole);
  expect(size()).toBeLessThan(whole / 2);
  await clock.advance(3 * SLOT_MS);
  expect(size(clock.now())).toBe(whole);
  expect(size(t0)).toBe(whole);
});

test("forgetting lets go of what was gathered", () => {
  const { gathered, add, t0 } = set();
  add([["up", "a", t0, 1]]);
  gathered.forget();
  expect([gathered.bytes, gathered.take()]).toEqual([0, []]);
});

// One record may hold samples of as many slots as a rule reaches back.
test("however many slots samples lie in, all are written", () => {
  const clock = new FakeClock();
  const selectors = SELECTORS;
  const gathered = new GatheredSamples(0, {
    ...{ selectors, latenessMs: 1000 * SLOT_MS, clock, registry: createRegistry() },
  });
  const times = Array.from({ length: 1200 }, (_, index) => clock.now() - (index % 600) * SLOT_MS);
  const gauges = times.map((time, index) => ["up", String(index), time, index] as const);
  gathered.add({ ...metricsRecord(gauges), offset: 0, timestamp: 0 });
  const read: number[] = [];
  const decoders = new Map<number, SlotDecoder<unknown>>();
  for (const { slot, block } of gathered.take()) {
    const decoder = decoders.get(slot) ?? new SlotDecoder(slot, (labels) => labels);
    decoders.set(slot, decoder);
    decoder.decode(block, (_, time, value) => {
      expect(slotAt(time)).toBe(slot);
      read.push(value);
    });
  }
  expect(read.sort((a, b) => a - b)).toEqual(times.map((_, index) => index));
});
