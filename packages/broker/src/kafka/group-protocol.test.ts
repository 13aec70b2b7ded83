import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Holding,
  readAssignment,
  readSubscription,
  sharePartitions,
  writeAssignment,
  writeSubscription,
} from "./group-protocol.ts";
import { WireWriter } from "./wire.ts";

const member = (memberId: string, owned: readonly number[] = [], generation = 1): Holding => ({
  memberId,
  generation,
  owned,
});

test("what members say is read as it was written", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.integer({ min: -1 }), fc.boolean(), (partitions, generation, moving) => {
      const subscription = writeSubscription("t", { generation, owned: partitions });
      expect(readSubscription("m", subscription)).toEqual({ memberId: "m", generation, owned: partitions });
      expect(readAssignment("t", writeAssignment("t", { partitions, moving }))).toEqual({ partitions, moving });
    }),
  );
});

test("members of another make hold nothing, and a leader of another make moves nothing", () => {
  const subscription = new WireWriter().int16(0).int32(1).string("t").int32(-1).bytes;
  expect(readSubscription("m", subscription)).toEqual({ memberId: "m", generation: -1, owned: [] });
  expect(readAssignment("t", Buffer.of())).toEqual({ partitions: [], moving: false });
  const assignment = new WireWriter().int16(0).int32(1).string("other").int32(1).int32(3).int32(-1).bytes;
  expect(readAssignment("t", assignment)).toEqual({ partitions: [], moving: false });
});

test("the first has everything; a second is given half once the first has let go of it", () => {
  expect([...sharePartitions([member("a")], 4)]).toEqual([["a", [0, 1, 2, 3]]]);
  const first = sharePartitions([member("a", [0, 1, 2, 3]), member("b")], 4);
  expect(Object.fromEntries(first)).toEqual({ a: [0, 1], b: [] });
  const second = sharePartitions([member("a", [0, 1], 2), member("b", [], 2)], 4);
  expect(Object.fromEntries(second)).toEqual({ a: [0, 1], b: [2, 3] });
});

// A killed worker that is started again must stop nobody else.
test("who stays keeps what it has when another goes and comes again", () => {
  const alone = sharePartitions([member("b", [2, 3])], 4);
  expect(alone.get("b")).toEqual([2, 3, 0, 1]);
  const both = sharePartitions([member("a2"), member("b", [2, 3])], 4);
  expect(Object.fromEntries(both)).toEqual({ a2: [0, 1], b: [2, 3] });
});

test("of two that say that they hold a partition, the one of the later generation does", () => {
  const shares = sharePartitions([member("a", [0, 1], 3), member("b", [0, 1], 7)], 2);
  expect(Object.fromEntries(shares)).toEqual({ a: [], b: [0] });
});

test("any group comes to even shares in two joins, and no partition changes hands without being let go", () => {
  const groups = fc.record({
    partitions: fc.nat(40),
    names: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
    owners: fc.array(fc.nat(10), { maxLength: 40 }),
  });
  fc.assert(
    fc.property(groups, ({ partitions, names, owners }) => {
      const before = names.map((name, place) => {
        const owned = owners.flatMap((owner, partition) =>
          owner === place && partition < partitions ? [partition] : [],
        );
        return member(name, owned);
      });
      const holderBefore = new Map(
        before.flatMap(({ memberId, owned }) => owned.map((one) => [one, memberId] as const)),
      );
      const first = sharePartitions(before, partitions);
      for (const [memberId, share] of first) {
        for (const one of share) expect(holderBefore.get(one) ?? memberId).toBe(memberId);
      }
      // Deterministic, in whatever order the broker names the members.
      expect(new Map([...sharePartitions(before.toReversed(), partitions)].sort())).toEqual(new Map([...first].sort()));
      const second = sharePartitions(
        [...first].map(([memberId, owned]) => member(memberId, owned, 2)),
        partitions,
      );
      const sizes = [...second.values()].map((share) => share.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect([...second.values()].flat().sort((a, b) => a - b)).toEqual(
        Array.from({ length: partitions }, (_, one) => one),
      );
      for (const [memberId, share] of first) for (const one of share) expect(second.get(memberId)).toContain(one);
    }),
  );
});
