import { expect, test } from "vitest";
import { Handoff } from "./handoff.ts";

const never = new AbortController().signal;

test("gives in order, and tells the giver when its value was taken", async () => {
  const handoff = new Handoff<number>();
  const given = [1, 2].map((value) => handoff.give(value, never));
  const taken: number[] = [];
  for await (const value of handoff.take()) {
    taken.push(value);
    if (value === 2) handoff.end();
  }
  await Promise.all(given);
  expect(taken).toEqual([1, 2]);
});

test("several takers share what comes, also when they waited for it", async () => {
  const handoff = new Handoff<number>();
  const takers = [handoff.take(), handoff.take()];
  const next = takers.map((taker) => taker.next());
  await Promise.all([handoff.give(1, never), handoff.give(2, never)]);
  expect((await Promise.all(next)).map(({ value }) => value).sort()).toEqual([1, 2]);
  const last = takers.map((taker) => taker.next());
  handoff.end();
  expect((await Promise.all(last)).map(({ done }) => done)).toEqual([true, true]);
});

test("what is withdrawn is given to nobody", async () => {
  const handoff = new Handoff<number>();
  const withdrawn = new AbortController();
  const given = handoff.give(1, withdrawn.signal);
  withdrawn.abort();
  await expect(given).rejects.toMatchObject({ code: "aborted" });
  await expect(handoff.give(2, withdrawn.signal)).rejects.toMatchObject({ code: "aborted" });
  void handoff.give(3, never);
  expect((await handoff.take().next()).value).toBe(3);
});
