import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { outage } from "./outage.ts";
import { recordingText } from "./recording-lines.ts";
import { truthDocument } from "./truth-document.ts";

test("a line says how the request went, and its body is what went", () => {
  const body = Buffer.from([10, 0]);
  const text = recordingText([
    { t: 1.5, via: "grpc", signal: "logs", encoding: "", body },
    { t: 2, via: "http", signal: "metrics", encoding: "gzip", body },
  ]);
  const [first, second, end] = text.split("\n");
  expect(JSON.parse(first ?? "")).toEqual({
    t: 1.5,
    via: "grpc",
    signal: "logs",
    encoding: "",
    contentType: "application/grpc",
    body: "CgA=",
  });
  const { body: zipped, ...rest } = JSON.parse(second ?? "");
  expect(rest).toMatchObject({ t: 2, via: "http", contentType: "application/x-protobuf" });
  expect(gunzipSync(Buffer.from(zipped, "base64"))).toEqual(body);
  expect(end).toBe("");
});

test("a truth says when, both on the calendar and in the scenario", () => {
  const played = outage({ seed: 3, startMs: Date.UTC(2026, 0, 1), speed: 30 });
  const truth = JSON.parse(truthDocument(played, 3));
  expect(truth).toMatchObject({
    scenario: "outage",
    seed: 3,
    start: "2026-01-01T00:00:00.000Z",
    speed: 30,
    durationMs: 180_000,
    sampleIntervalMs: 500,
    lookbackMs: 10_000,
    evaluation: { intervalMs: 2000, offsetsMs: {} },
  });
  expect(truth.rules[0]).toEqual({ group: "federated_learning_alerts", alert: "HighErrorRate", forMs: 10_000 });
  expect(truth.transitions[5]).toMatchObject({ minute: 11, at: truth.startMs + 22_000, alert: "HighErrorRate" });
  expect(truth.notifications).toHaveLength(6);
  expect(truth.notifications[0]).toMatchObject({ minute: 16, startsAt: truth.startMs + 32_000 });
});
