import type { Fault } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { pauseAfter, persist } from "./persist.ts";

const how = (clock: FakeClock) => ({ clock, doing: "asking", deadlineMs: 1_000 });
const kafkajs = (code: number) => Object.assign(new Error("no"), { name: "KafkaJSProtocolError", code });

test("tries again what passes, with growing pauses, and tells of each failure", async () => {
  const clock = new FakeClock();
  const times: number[] = [];
  const remedies: string[] = [];
  const answer = persist({ ...how(clock), onFailure: ({ remedy }) => remedies.push(remedy) }, async () => {
    times.push(clock.monotonic());
    if (times.length <= 3) throw kafkajs([6, 7, 16][times.length - 1] ?? 0);
    return "yes";
  });
  await clock.advance(1_000);
  expect(await answer).toBe("yes");
  expect(times).toEqual([0, 20, 60, 140]);
  expect(remedies).toEqual(["leader", "again", "coordinator"]);
  expect([0, 4, 5, 1000].map(pauseAfter)).toEqual([20, 320, 500, 500]);
});

test("does not try again what will not pass", async () => {
  const attempt = () => Promise.reject(kafkajs(29));
  await expect(persist(how(new FakeClock()), attempt)).rejects.toMatchObject({ code: "startup" });
});

test("gives up after its time, with the last failure", async () => {
  const clock = new FakeClock();
  const outcome = persist(how(clock), () => Promise.reject(kafkajs(7))).catch((fault: Fault) => fault);
  await clock.advance(3_000);
  expect(await outcome).toMatchObject({ code: "unavailable", message: expect.stringContaining("asking failed") });
});

test("gives up when nobody wants it any more", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const outcome = persist({ ...how(clock), abort: abort.signal }, () => Promise.reject(kafkajs(7)));
  outcome.catch(() => undefined);
  await clock.advance(10);
  abort.abort();
  await expect(outcome).rejects.toMatchObject({ code: "aborted" });
  expect(clock.pending).toBe(0);
});
