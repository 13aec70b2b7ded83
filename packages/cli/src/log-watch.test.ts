import { Fault, silentLog } from "@rondo/core";
import { Readiness } from "@rondo/monitor";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { ASK_MS, SILENT_MS, watchLog } from "./log-watch.ts";

test("Kafka that is silent for longer than a leader takes to move turns readiness off, until it answers", async () => {
  const clock = new FakeClock();
  const readiness = new Readiness(clock);
  const stop = new AbortController();
  let isThere = true;
  const ranges = async () => {
    if (!isThere) throw new Fault("unavailable", "no Kafka broker answers at k1:9092");
    return new Map();
  };
  const options = { broker: { ranges }, topic: "otlp_spans", name: "Kafka at k1:9092", readiness, clock };
  const watching = watchLog({ ...options, log: silentLog }, stop.signal);
  await clock.advance(ASK_MS);
  isThere = false;
  await clock.advance(SILENT_MS - ASK_MS);
  expect(readiness.reasons()).toEqual([]);
  await clock.advance(ASK_MS);
  expect(readiness.reasons()).toEqual([
    {
      condition: "Kafka at k1:9092",
      reason: "an answer, since 2026-01-01T00:00:05.000Z: no Kafka broker answers at k1:9092",
    },
  ]);
  isThere = true;
  await clock.advance(ASK_MS);
  expect(readiness.reasons()).toEqual([]);
  stop.abort();
  await watching;
  expect(clock.pending).toBe(0);
});
