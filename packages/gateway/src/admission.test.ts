import { FakeClock } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Admission, admission, creditsFrom, EQUAL_TERMS, type Permit } from "./admission.ts";

const MIB = 1 << 20;

test("credits are the soft limit less what rests; too little is refused with the value that would do", () => {
  expect(creditsFrom(1000 * MIB, 200 * MIB, 80 * MIB)).toBe(720 * MIB);
  expect(creditsFrom(228 * MIB, 20 * MIB, 80 * MIB)).toBe(128 * MIB);
  expect(() => creditsFrom(227 * MIB, 20 * MIB, 80 * MIB)).toThrow(/raise limit_mib to 228 or more/);
});

interface Held {
  readonly permit: Permit;
  readonly bytes: number;
  readonly tenant: string;
}

/** What a tenant may have: all when it holds nothing else, or within weight × 4 times what stays free. */
const isWithinPart = (tenant: string, bytes: number, others: number, free: number) =>
  free >= 0 && (others === 0 || others + bytes <= WEIGHTS[tenant as keyof typeof WEIGHTS] * 4 * free);

const WEIGHTS = { a: 1, b: 1, c: 3 };
const weighted = () =>
  admission(1000, new FakeClock(), { ...EQUAL_TERMS, weightOf: (tenant) => WEIGHTS[tenant as keyof typeof WEIGHTS] });

test("whatever is taken, changed and given back: nothing leaks, and bytes are refused only beyond a tenant's part", () => {
  const step = fc.record({
    slot: fc.nat(9),
    bytes: fc.nat(400),
    tenant: fc.constantFrom("a", "b", "c"),
    what: fc.constantFrom("take", "resize", "release"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const account = weighted();
      // From here on nobody is alone.
      account.take(0, "a")?.release();
      account.take(0, "b")?.release();
      const held = new Map<number, Held>();
      const sum = (of?: string) =>
        [...held.values()].reduce(
          (total, { bytes, tenant }) => total + (of === undefined || of === tenant ? bytes : 0),
          0,
        );
      for (const { slot, bytes, tenant, what } of steps) {
        const found = held.get(slot);
        if (what === "take" && found === undefined) {
          const may = isWithinPart(tenant, bytes, sum(tenant), 1000 - sum() - bytes);
          const permit = account.take(bytes, tenant);
          expect(permit !== undefined).toBe(may);
          if (permit !== undefined) held.set(slot, { permit, bytes, tenant });
        } else if (what === "resize" && found !== undefined) {
          const others = sum(found.tenant) - found.bytes;
          const may =
            bytes <= found.bytes || isWithinPart(found.tenant, bytes, others, 1000 - sum() + found.bytes - bytes);
          expect(found.permit.resize(bytes)).toBe(may);
          if (may) held.set(slot, { ...found, bytes });
        } else if (what === "release") {
          found?.permit.release();
          found?.permit.release();
          held.delete(slot);
        }
        expect(account.inUse).toBe(sum());
        expect(account.inUse).toBeLessThanOrEqual(1000);
      }
    }),
  );
});

/** What each tenant holds when all take whatever they get, byte by byte in turns, while what is oldest drains. */
function greedy(account: Admission, tenants: readonly string[]): number[] {
  const held: { readonly index: number; readonly permit: Permit }[] = [];
  const takeAll = () => {
    for (let took = true; took; ) {
      took = false;
      for (const [index, tenant] of tenants.entries()) {
        const permit = account.take(1, tenant);
        if (permit === undefined) continue;
        held.push({ index, permit });
        took = true;
      }
    }
  };
  takeAll();
  for (let drained = 0; drained < 5 * account.credits; drained++) {
    held.shift()?.permit.release();
    takeAll();
  }
  return tenants.map((_, index) => held.filter((one) => one.index === index).length);
}

test("a tenant without company may hold everything; who comes then is served from what drains", async () => {
  const clock = new FakeClock();
  const account = admission(1000, clock);
  const held = Array.from({ length: 10 }, () => account.take(100, "a"));
  expect(account.inUse).toBe(1000);
  expect(account.take(100, "b")).toBeUndefined();
  expect(account.denial(100, "b").reason).toBe("full");
  held[0]?.release();
  expect(account.take(50, "a")).toBeUndefined();
  expect(account.denial(50, "a").reason).toBe("share");
  expect(account.take(100, "b")).toBeDefined();
  await clock.advance(60_000);
  held[1]?.release();
  expect(account.take(100, "a")).toBeDefined();
});

test("greedy tenants leave room for the next one, and end up with parts as their weights", () => {
  const account = weighted();
  account.take(0, "b");
  expect(greedy(account, ["a"])).toEqual([800]);
  expect(account.take(200, "b")).toBeDefined();
  const [a = 0, b = 0, c = 0] = greedy(weighted(), ["a", "b", "c"]);
  // 1000 × 4 × weight / (1 + 4 × the sum of weights).
  expect(a).toBeCloseTo(190, -1);
  expect(b).toBeCloseTo(190, -1);
  expect(c).toBeCloseTo(571, -1);
});

test("what one tenant cannot use lies idle for nobody", () => {
  const account = weighted();
  for (const tenant of ["b", "c"]) account.take(5, tenant);
  expect(greedy(account, ["a"])).toEqual([792]);
});

test("the wait is that of what is in the way: the tenant's own bytes, everybody's, or its rate", async () => {
  const clock = new FakeClock();
  const waits = new Map([["c", 4_000]]);
  const rates = { waitMs: (tenant: string) => waits.get(tenant) ?? 0, charge() {}, refund() {} };
  const account = admission(1000, clock, { ...EQUAL_TERMS, rates });
  account.take(0, "b");
  for (let second = 0; second < 5; second++) {
    account.drained(10, "a");
    account.drained(90, "b");
    await clock.advance(1_000);
  }
  for (let i = 0; i < 8; i++) account.take(100, "a");
  // The oldest of the five seconds has just been forgotten: 8 and 80 bytes a second are left.
  expect(account.denial(10, "a")).toEqual({ reason: "share", waitMs: 30_000 });
  expect(account.denial(300, "b")).toEqual({ reason: "full", waitMs: 800 / 0.08 });
  expect(account.denial(1, "c")).toEqual({ reason: "rate", waitMs: 4_000 });
  expect(account.denial(1001, "c").reason).toBe("never");
  expect(account.take(1, "c")).toBeUndefined();
});
