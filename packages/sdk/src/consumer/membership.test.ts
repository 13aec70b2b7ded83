import { Fault } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { Membership } from "./membership.ts";

test("joins until it can, comes back after a failure, and tells of both", async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  let joins = 0;
  let left = 0;
  const failures: ((fault: Error) => void)[] = [];
  const membership = new Membership({
    clock,
    onFault: ({ message }) => told.push(message),
    async join(failed) {
      if (joins++ === 0) throw new Fault("unavailable", "no Kafka");
      failures.push(failed);
      return { leave: async () => void left++ };
    },
  });
  await clock.advance(2_000);
  await membership.joined;
  failures[0]?.(new Fault("corrupt", "a record"));
  await clock.advance(2_000);
  expect([joins, left, told]).toEqual([3, 1, ["no Kafka", "a record"]]);
  await membership.leave();
  await clock.advance(10_000);
  expect([joins, left]).toEqual([3, 2]);
});

test("one that is ended before it could join says so", async () => {
  const clock = new FakeClock();
  const join = () => Promise.reject(new Fault("unavailable", "no Kafka"));
  const membership = new Membership({ clock, onFault: () => undefined, join });
  await membership.leave();
  await expect(membership.joined).rejects.toMatchObject({ code: "aborted" });
});
