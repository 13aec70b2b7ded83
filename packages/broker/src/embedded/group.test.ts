import { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import type { Claim } from "../log.ts";
import { Group } from "./group.ts";

/** A claim of which only its partition, generation and revocation matter here. */
function claimOf(partition: number, generation: number, revoked: AbortSignal): Claim {
  const never = () => Promise.reject(new Error("not used here"));
  return {
    topic: "t",
    partition,
    generation,
    start: { registered: 0 },
    revoked,
    lost: revoked,
    seek() {},
    read: never,
    append: never,
    commit: never,
  };
}

const untilRevoked = ({ revoked }: Claim) =>
  new Promise<void>((resolve) => revoked.addEventListener("abort", () => resolve(), { once: true }));
const failing = (fault: Error) => {
  throw fault;
};

test("a new member waits until the old one has let go of everything", async () => {
  const group = new Group(2, claimOf);
  const letGo = Promise.withResolvers<void>();
  const order: string[] = [];
  await group.join(async (claim) => {
    await untilRevoked(claim);
    if (claim.generation === 1) await letGo.promise;
    order.push(`ended ${claim.partition}`);
  }, failing);
  const joining = group.join(async (claim) => {
    order.push(`taken ${claim.partition}`);
    await untilRevoked(claim);
  }, failing);
  await Promise.resolve();
  expect(order).toEqual([]);
  letGo.resolve();
  await joining;
  expect(order).toEqual(["ended 0", "ended 1", "taken 1"]);
  await group.close();
});

test("a member that fails is told once, and its other claims end before others take them", async () => {
  const group = new Group(3, claimOf);
  const failures: string[] = [];
  const break0 = Promise.withResolvers<void>();
  let open = 0;
  await group.join(
    async (claim) => {
      open++;
      if (claim.partition === 0) await break0.promise;
      else await untilRevoked(claim);
      open--;
      throw new Fault("unavailable", `broken ${claim.partition}`);
    },
    (fault) => failures.push(fault.message),
  );
  const generations: number[] = [];
  break0.resolve();
  await expect.poll(() => failures).toEqual(["broken 0"]);
  await group.join(async (claim) => {
    expect(open).toBe(0);
    generations.push(claim.generation);
    await untilRevoked(claim);
  }, failing);
  expect(generations).toHaveLength(3);
  await group.close();
  expect(failures).toEqual(["broken 0"]);
});

test("a handler that returns while it holds its partition is a failure", async () => {
  const group = new Group(1, claimOf);
  const failures: Error[] = [];
  await group.join(
    async () => {},
    (fault) => failures.push(fault),
  );
  await expect.poll(() => failures).toMatchObject([{ code: "bug" }]);
  await group.close();
});

test("a failed member that leaves does not disturb the others", async () => {
  const group = new Group(2, claimOf);
  const failed = Promise.withResolvers<void>();
  const member = await group.join(
    async () => {
      throw new Fault("bug", "broken");
    },
    () => failed.resolve(),
  );
  await failed.promise;
  const generations: number[] = [];
  await group.join(async (claim) => {
    generations.push(claim.generation);
    await untilRevoked(claim);
  }, failing);
  await member.leave();
  expect(new Set(generations).size).toBe(1);
  await group.close();
});

test("leaving twice is leaving once", async () => {
  const group = new Group(1, claimOf);
  const member = await group.join(untilRevoked, failing);
  await Promise.all([member.leave(), member.leave()]);
  await group.close();
});
