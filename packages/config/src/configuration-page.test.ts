import { expect, test } from "vitest";
import { configurationPage, describeComponents } from "./configuration-page.ts";
import { FAKE_TYPES } from "./fake-types.cases.ts";

test("every field of every component has a row with its default", () => {
  const page = describeComponents(FAKE_TYPES);
  for (const row of [
    "### otlp_grpc",
    "Sends. Also written `otlp`. Carries traces, metrics, logs, profiles.",
    "| `endpoint` | text | required | Address. |",
    '| `compression` | gzip \\| none | `"gzip"` | How bodies are packed. |',
    "| `token` | secret | `none` | Bearer token. |",
    "| `batch.min_size` | whole number | `10` | Items. |",
    '| `protocols.grpc.endpoint` | text | `"localhost:4317"` | Address. |',
    "May drop items as `item_too_large`.",
    "Known and not built yet: `prometheus`, `host_metrics`.",
    "It has no settings.",
  ]) {
    expect(page).toContain(row);
  }
});

test("what is built is not called planned", () => {
  expect(describeComponents(FAKE_TYPES)).not.toMatch(/Known and not built yet: .*`debug`/);
});

test("the page opens with how files are read, has the broker, and every line of a table has four cells", () => {
  const page = configurationPage(FAKE_TYPES);
  expect(page).toMatch(/^# Configuration\n/);
  expect(page).toContain("| `embedded.segment_bytes` | size | `64MiB` |");
  const rows = page.split("\n").filter((line) => line.startsWith("|"));
  expect(rows.filter((row) => row.split(/(?<!\\)\|/).length !== 6)).toEqual([]);
  expect(page.endsWith("\n")).toBe(true);
});
