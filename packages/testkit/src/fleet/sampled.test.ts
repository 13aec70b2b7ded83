import { expect, test } from "vitest";
import { sample } from "./sampled.ts";
import type { Sender, Source } from "./source.ts";

const source = (instance: string, over: Partial<Source> = {}): Source => ({
  service: "s",
  instance,
  resource: {},
  lives: [{ from: 0, until: 60 }],
  lagMs: 0,
  metrics: [{ name: "m", prometheus: "m", kind: "gauge", attributes: {}, value: (ms) => ms }],
  ...over,
});
const sender = (phaseMs: number, ...sources: readonly Source[]): Sender => ({
  name: "x",
  via: "grpc",
  encoding: "",
  phaseMs,
  sources,
});
const times = (...senders: readonly Sender[]) =>
  sample(senders, 15, 45).map(({ ms, sources }) => [ms, ...sources.map((one) => one.ms)]);

test("senders take turns by their phases, and the end belongs to it", () => {
  expect(times(sender(5, source("a")), sender(0, source("b")))).toEqual(
    [0, 5, 15, 20, 30, 35, 45].map((ms) => [ms, ms]),
  );
});

test("a reading is older than its sending by the lag, and there is none before a life or after it", () => {
  const late = source("late", { lagMs: 10, lives: [{ from: 0, until: 20 }] });
  expect(times(sender(0, late, source("now")))).toEqual([
    [0, 0],
    [15, 5, 15],
    [30, 30],
    [45, 45],
  ]);
});

test("who has recorded nothing sends nothing", () => {
  const metrics = [{ name: "m", prometheus: "m", kind: "counter", attributes: {}, value: () => undefined }] as const;
  expect(times(sender(0, source("idle", { metrics })))).toEqual([]);
});
