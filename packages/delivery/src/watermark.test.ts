import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Watermark } from "./watermark.ts";

describe("the low watermark", () => {
  test("stands at the start while nothing has begun", () => {
    const mark = new Watermark(17);
    expect([mark.low, mark.inFlight]).toEqual([17, 0]);
  });

  test("is held back by the oldest unsettled offset and then jumps over what settled behind it", () => {
    const mark = new Watermark(0);
    for (const offset of [0, 1, 2]) mark.begin(offset);
    expect(mark.settle(2)).toEqual([]);
    expect(mark.settle(1)).toEqual([]);
    expect([mark.low, mark.inFlight]).toEqual([0, 1]);
    expect(mark.settle(0)).toEqual([0, 1, 2]);
    expect([mark.low, mark.inFlight]).toEqual([3, 0]);
  });

  test("passes offsets that the log does not have", () => {
    const mark = new Watermark(0);
    mark.begin(5);
    mark.begin(9);
    mark.settle(5);
    expect(mark.low).toBe(9);
  });

  test.each([
    ["an offset that began before", (mark: Watermark) => mark.begin(3)],
    ["an offset below one that began", (mark: Watermark) => mark.begin(2)],
    ["no offset at all", (mark: Watermark) => mark.begin(Number.NaN)],
    ["settling what never began", (mark: Watermark) => mark.settle(4)],
    ["settling twice", (mark: Watermark) => [mark.settle(3), mark.settle(3)]],
  ])("throws for %s", (_, misuse) => {
    const mark = new Watermark(3);
    mark.begin(3);
    expect(() => misuse(mark)).toThrow(/offset/);
  });

  test("equals the naive model for every order of beginning and settling", () => {
    const steps = fc.array(fc.record({ begin: fc.boolean(), gap: fc.integer({ min: 1, max: 3 }), pick: fc.nat() }), {
      maxLength: 400,
    });
    fc.assert(
      fc.property(steps, (taken) => {
        const mark = new Watermark(0);
        const open = new Set<number>();
        const begun: number[] = [];
        const passed: number[] = [];
        let next = 0;
        for (const { begin, gap, pick } of taken) {
          if (begin || open.size === 0) {
            mark.begin(next + gap - 1);
            open.add(next + gap - 1);
            begun.push(next + gap - 1);
            next += gap;
          } else {
            const chosen = [...open][pick % open.size] ?? -1;
            open.delete(chosen);
            passed.push(...mark.settle(chosen));
          }
          expect(mark.low).toBe(open.size > 0 ? Math.min(...open) : next);
          expect(mark.next).toBe(next);
          expect(mark.inFlight).toBe(open.size);
          expect(passed).toEqual(begun.filter((offset) => offset < mark.low));
        }
      }),
    );
  });

  test("takes a million offsets behind one that is slow without getting slow itself", () => {
    const mark = new Watermark(0);
    mark.begin(0);
    for (let offset = 1; offset < 1_000_000; offset++) {
      mark.begin(offset);
      mark.settle(offset);
    }
    expect(mark.low).toBe(0);
    mark.settle(0);
    expect(mark.low).toBe(1_000_000);
  }, 5_000);
});
