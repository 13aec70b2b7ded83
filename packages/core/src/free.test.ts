import fc from "fast-check";
import { expect, test } from "vitest";
import { allocate, free } from "./free.ts";

test("memory that is not shared goes back at once", () => {
  const bytes = Buffer.allocUnsafeSlow(1 << 20);
  free(bytes);
  expect([bytes.length, bytes.buffer.byteLength]).toEqual([0, 0]);
  free(bytes);
});

test("memory that others look into stays", () => {
  const whole = Buffer.alloc(1_000, 7);
  const part = whole.subarray(10, 20);
  free(part);
  expect(part).toEqual(Buffer.alloc(10, 7));
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  free(shared);
  expect(shared).toHaveLength(8);
});

test("what was freed is lent again, and whoever still holds it sees nothing", () => {
  const first = allocate(700_000).fill(7);
  free(first);
  expect([first.length, first.buffer.byteLength]).toEqual([0, 0]);
  const second = allocate(690_000);
  expect(second).toHaveLength(690_000);
  // Memory that nobody cleared: it is what was freed.
  expect(second.every((byte) => byte === 7)).toBe(true);
  free(second);
});

test("a part of what was lent gives nothing back", () => {
  const whole = allocate(500_000).fill(3);
  free(whole.subarray(0, 499_999));
  free(whole.subarray(1));
  expect(whole).toHaveLength(500_000);
  expect(whole[499_999]).toBe(3);
  free(whole);
});

test("nobody is lent what another holds, whatever is freed in whatever order, and little is kept", () => {
  const step = fc.record({ bytes: fc.integer({ min: 1, max: 3 << 20 }), frees: fc.boolean(), which: fc.nat() });
  const before = process.memoryUsage().arrayBuffers;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const held: Buffer[] = [];
      let mark = 0;
      for (const { bytes, frees, which } of steps) {
        const [gone] = frees ? held.splice(which % (held.length || 1), 1) : [];
        if (gone !== undefined) free(gone);
        const next = allocate(bytes);
        expect(next).toHaveLength(bytes);
        mark = (mark + 1) % 250;
        next[0] = mark;
        next[bytes - 1] = mark;
        held.push(next);
      }
      for (const one of held) expect(one[0]).toBe(one.at(-1));
      expect(new Set(held.map(({ buffer }) => buffer)).size).toBe(held.length);
      for (const one of held) free(one);
    }),
    { numRuns: 30 },
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 << 20);
});
