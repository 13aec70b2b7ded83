import fc from "fast-check";
import { expect, test } from "vitest";
import { oneRule } from "./alerts.cases.ts";
import { nextSlot, slotAt, slotsBetween, slotsOf } from "./slots.ts";

const group = oneRule("up == 0");
const MINUTE = 60_000;

test("a group's slots depend on its tenant, its name and its file's name, and on nothing else", () => {
  const offset = (tenant: string, file: string, name: string) =>
    slotsOf(tenant, { ...group, file, name }, MINUTE).offsetMs;
  expect(offset("t", "/a/rules.yml", "g")).toBe(offset("t", "b/rules.yml", "g"));
  const others = [
    offset("t", "rules.yml", "g"),
    offset("u", "rules.yml", "g"),
    offset("t", "x.yml", "g"),
    offset("t", "rules.yml", "h"),
  ];
  expect(new Set(others).size).toBe(4);
  // Never changes between versions: replicas of two versions would evaluate at different times.
  expect(offset("default", "alerting-rules.yml", "infrastructure_alerts")).toMatchInlineSnapshot(`14021`);
});

test("a group's own interval wins over the default", () => {
  expect(slotsOf("t", group, MINUTE).intervalMs).toBe(MINUTE);
  expect(slotsOf("t", { ...group, intervalMs: 5_000 }, MINUTE).intervalMs).toBe(5_000);
});

test("slots are equally far apart, and the last one is never later than now", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e7 }),
      fc.nat(),
      fc.integer({ min: 0, max: 2e12 }),
      (intervalMs, any, now) => {
        const slots = { intervalMs, offsetMs: any % intervalMs };
        const slot = slotAt(slots, now);
        expect(slot).toBeLessThanOrEqual(now);
        expect(now - slot).toBeLessThan(intervalMs);
        expect(slotAt(slots, slot)).toBe(slot);
        expect(slotAt(slots, slot - 1)).toBe(slot - intervalMs);
        expect(slotsBetween(slots, slot, slot + 3 * intervalMs)).toBe(3);
      },
    ),
  );
});

const slots = { intervalMs: MINUTE, offsetMs: 7 };
const at = (minutes: number) => minutes * MINUTE + 7;

test.each([
  ["the first is the next one", undefined, at(10) + 1, { slot: at(11), missed: 0 }],
  ["after one that was on time comes the next", at(10), at(10) + 50, { slot: at(11), missed: 0 }],
  ["one that is late is still evaluated", at(10), at(11) + 59_000, { slot: at(11), missed: 0 }],
  ["one that is an interval and the patience late is too", at(10), at(12) + 8_000, { slot: at(11), missed: 0 }],
  ["what is later is left out and counted", at(10), at(12) + 8_001, { slot: at(12), missed: 1 }],
  ["so are many", at(10), at(70), { slot: at(69), missed: 58 }],
  ["a clock that is a little behind changes nothing", at(10), at(9), { slot: at(11), missed: 0 }],
  ["after a clock that was far ahead comes the next one by the right clock", at(10), at(3), { slot: at(4), missed: 0 }],
])("%s", (_name, last, now, next) => expect(nextSlot(slots, last, now, 8_000)).toEqual(next));
