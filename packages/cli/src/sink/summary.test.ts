import { expect, test } from "vitest";
import { addressLines, arrivalLine, summaryLines } from "./summary.ts";

const none = { requests: 0, items: 0, ids: 0, duplicates: 0, overflow: 0 };
const status = (items: number, ids: number, over = {}) => ({
  listeners: [
    {
      name: "otlp/tempo",
      grpc: "127.0.0.1:4317",
      behaviour: { mode: "ok" as const },
      counts: {
        traces: { ...none, items, ids, duplicates: items - ids, ...over },
        metrics: none,
        logs: { ...none, items: 1, ids: 1 },
      },
    },
    {
      name: "b",
      http: "http://127.0.0.1:1",
      behaviour: { mode: "hang" as const },
      counts: { traces: none, metrics: none, logs: none },
    },
  ],
});

test("every address has a line that a script can read", () => {
  expect(addressLines(status(0, 0), "http://127.0.0.1:9")).toEqual([
    "listening otlp/tempo grpc 127.0.0.1:4317",
    "listening b http http://127.0.0.1:1",
    "status http://127.0.0.1:9",
  ]);
  expect(addressLines({ listeners: [] }, undefined)).toEqual([]);
});

test("between two looks only what came is said", () => {
  expect(arrivalLine(status(10, 10), status(10, 10))).toBeUndefined();
  expect(arrivalLine(status(10, 10), status(130, 130))).toBe("otlp/tempo +120 spans");
  expect(arrivalLine(status(10, 10), status(130, 80))).toBe("otlp/tempo +120 spans (70 new)");
  // After a reset there is less than before.
  expect(arrivalLine(status(10, 10), status(0, 0))).toBeUndefined();
});

test("the sum tells ids from repeats, and what went beyond the bound", () => {
  expect(summaryLines(status(12, 10, { overflow: 1 }))).toEqual([
    "otlp/tempo  12 spans (10 ids, 2 repeated, 1 beyond --max-ids), 1 log records (1 ids)",
    "b           nothing arrived; answering hang",
  ]);
});
