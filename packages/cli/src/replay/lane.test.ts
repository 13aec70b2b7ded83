import { expect, test } from "vitest";
import { laneOf } from "./lane.ts";
import { readRecording } from "./recording.ts";

const recording = await readRecording(new URL("../../../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname);

test("the backend, which lived for the whole run, has one lane for each signal", () => {
  const lanes = recording.map(laneOf).filter((lane) => lane.includes("fl-backend"));
  expect(new Set(lanes).size).toBe(new Set(lanes.map((lane) => lane.split(" ", 2).join(" "))).size);
});

test("different clients do not wait for each other", () => {
  expect(new Set(recording.map(laneOf)).size).toBeGreaterThan(16);
});
