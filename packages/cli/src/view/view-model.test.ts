import { expect, test } from "vitest";
import { EARLIER, FLOWING } from "./snapshot.cases.ts";
import { viewModel } from "./view-model.ts";

const text = (lines: readonly { readonly text: string }[]) => lines.map((line) => line.text).join("\n");

test("80 columns hold all of it", () => {
  const lines = viewModel(FLOWING, EARLIER, { columns: 80, rows: 40 });
  expect(text(lines)).toBe(
    `
Rondo is ready
  OTLP/gRPC  127.0.0.1:4317
  OTLP/HTTP  http://127.0.0.1:4318
  metrics    http://127.0.0.1:8888/metrics

received                     accepted  refused  per s
  spans                           271        0   12.5
  data points                     151        0      0
  log records                      63       12      0

pipeline → exporter           entered      out  per s  dropped in flight     lag
traces                            271      273   16.5        0         0       0
      created 2
  → otlp/tempo                    273      255   27.5        6        12       3
      backend_rejected 6, redelivered 4
  → debug                         273      273      0        0         0       0
logs                               63       63      0        0         0       0
  → debug                          63       63      0        0         0       0`.slice(1),
  );
});

test("what went wrong stands out", () => {
  const bad = viewModel(FLOWING, EARLIER, { columns: 80, rows: 40 }).filter(({ tone }) => tone === "bad");
  expect(bad.map(({ text }) => text.trim().split(/ {2,}/)[0])).toEqual([
    "log records",
    "→ otlp/tempo",
    "backend_rejected 6, redelivered 4",
  ]);
});

test("what it waits for comes first", () => {
  const [first] = viewModel({ ...EARLIER, waitingFor: ["the log", "port 4317"] }, undefined, { columns: 80, rows: 40 });
  expect(first).toEqual({ text: "Rondo waits for the log, port 4317", tone: "bad" });
});

test("without an earlier look every rate is 0", () => {
  const lines = viewModel(FLOWING, undefined, { columns: 80, rows: 40 });
  expect(lines.find(({ text }) => text.startsWith("  spans"))?.text.split(/ {2,}/)).toEqual([
    "",
    "spans",
    "271",
    "0",
    "0",
  ]);
});

test("no line is wider and no frame taller than the window", () => {
  for (const columns of [20, 40, 80, 200]) {
    for (const rows of [1, 5, 12]) {
      const lines = viewModel(FLOWING, EARLIER, { columns, rows });
      expect(lines.length).toBe(rows);
      expect(Math.max(...lines.map(({ text }) => text.length))).toBeLessThanOrEqual(columns);
    }
  }
  expect(viewModel(FLOWING, EARLIER, { columns: 80, rows: 12 }).at(-1)?.text).toBe(
    "… 7 more lines; a taller window shows them",
  );
});
