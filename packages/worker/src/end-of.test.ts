import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { endOf, HANDOVER_MS } from "./end-of.ts";

function set() {
  const clock = new FakeClock();
  const [revoked, lost, stop] = [new AbortController(), new AbortController(), new AbortController()];
  const ended = endOf({ revoked: revoked.signal, lost: lost.signal }, stop.signal, clock);
  return { clock, revoked, lost, stop, ended };
}

// A request that is under way when a worker joins would else be broken off, and sent once more by the partition's next owner.
test("a partition that moves leaves what is in hand some time", async () => {
  const { clock, revoked, ended } = set();
  revoked.abort();
  await clock.advance(HANDOVER_MS - 1);
  expect(ended.aborted).toBe(false);
  await clock.advance(1);
  expect(ended.aborted).toBe(true);
});

test("a claim that is lost ends at once, and so does a worker that stops", () => {
  const one = set();
  one.revoked.abort();
  one.lost.abort();
  expect(one.ended.aborted).toBe(true);
  const other = set();
  other.stop.abort();
  expect(other.ended.aborted).toBe(true);
});

test("a claim that was revoked before its reader began ends in time as well", async () => {
  const { clock, revoked, lost } = set();
  revoked.abort();
  const ended = endOf({ revoked: revoked.signal, lost: lost.signal }, new AbortController().signal, clock);
  await clock.advance(HANDOVER_MS);
  expect(ended.aborted).toBe(true);
});
