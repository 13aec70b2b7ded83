import { DROP_REASONS } from "@rondo/core";
import { expect, test } from "vitest";
import { METRICS, type MetricSpec } from "./metrics.ts";

const rows = Object.entries(METRICS) as readonly (readonly [string, MetricSpec])[];

test.each(rows)("%s is named as Prometheus and OpenMetrics ask", (name, { type, labels, unit, doc, buckets }) => {
  expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
  expect(name.endsWith("_total")).toBe(type === "counter");
  if (unit !== undefined) expect(name.replace(/_total$/, "")).toMatch(new RegExp(`_${unit}$`));
  for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9]*$/);
  expect(new Set(labels).size).toBe(labels.length);
  expect(doc).toMatch(/[.]$/);
  expect(buckets !== undefined).toBe(type === "histogram");
  expect([...(buckets ?? [])]).toEqual([...(buckets ?? [])].sort((a, b) => a - b));
});

test("the names that users script stay", () => {
  const account = ["entered", "created", "forwarded", "delivered", "dead_lettered", "redelivered"];
  for (const word of account) {
    expect(METRICS).toHaveProperty(
      [`rondo_items_${word}_total`, "labels"],
      ["signal", "tenant", "pipeline", "component"],
    );
  }
  expect(METRICS.rondo_items_accepted_total.labels).toEqual(["signal", "tenant", "component"]);
  expect(METRICS.rondo_items_refused_total.labels).toEqual(["signal", "tenant", "component", "reason"]);
  expect(METRICS.rondo_items_dropped_total.labels).toEqual(["signal", "tenant", "pipeline", "component", "reason"]);
  expect(METRICS.rondo_items_in_flight.type).toBe("gauge");
  expect(Object.keys(DROP_REASONS)).toContain("unexplained");
});
