import type { Row } from "@rondo/worker";
import { expect, test } from "vitest";
import { goOnLine, progressLine, resultLine } from "./report.ts";

const row: Row = {
  ...{ entered: 12, created: 0, forwarded: 0, delivered: 10, deadLettered: 0, redelivered: 0 },
  dropped: { "otlp_http/loki/backend_rejected": 2 },
};

test("says how far it is, and what became of it", () => {
  const status = { records: 4, row, at: Date.parse("2026-11-25T10:00:00Z"), isDone: true };
  expect(progressLine("loki", status)).toBe("loki: 4 records, 10 items delivered, at 2026-11-25T10:00:00.000Z");
  expect(progressLine("loki", { ...status, at: undefined })).toBe("loki: 4 records, 10 items delivered");
  expect(resultLine("loki", status)).toBe("loki: 4 records, 12 items: 10 delivered, 2 refused (backend_rejected)");
  const all = { ...status, row: { ...row, delivered: 12, dropped: {} }, isDone: false };
  expect(resultLine("loki", all)).toBe("loki: 4 records, 12 items: 12 delivered, 0 refused; not at its end");
});

test("a run is gone on with by what a shell understands", () => {
  const line = goOnLine("r1", "logs/5 min", [
    ["--config", "/etc/rondo.yaml"],
    ["--exporter", "otlp/it's"],
  ]);
  expect(line).toBe(
    "go on with: rondo replay --run r1 --pipeline 'logs/5 min' --config /etc/rondo.yaml --exporter 'otlp/it'\\''s'",
  );
});
