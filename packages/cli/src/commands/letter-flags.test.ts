import { expect, test } from "vitest";
import { filterOf } from "./letter-flags.ts";

const FLAGS = { config: [], set: [], data: "data" };
const NOW = Date.UTC(2026, 0, 2);

test("flags say which letters are meant, none of them all", () => {
  expect(filterOf(FLAGS, NOW)).toEqual({});
  expect(filterOf({ ...FLAGS, exporter: "a", pipeline: "b", reason: "c", tenant: "d", since: "24h" }, NOW)).toEqual({
    ...{ exporter: "a", pipeline: "b", reason: "c", tenant: "d", since: Date.UTC(2026, 0, 1) },
  });
  expect(filterOf({ ...FLAGS, since: "2026-01-01T00:00:00Z" }, NOW)).toEqual({ since: Date.UTC(2026, 0, 1) });
  expect(filterOf({ ...FLAGS, letter: "otlp_spans.dlq/3/17" }, NOW)).toEqual({
    at: { topic: "otlp_spans.dlq", partition: 3, offset: 17 },
  });
});

test.each([
  [{ since: "yesterday" }, "--since yesterday must be"],
  [{ letter: "17" }, "--letter 17 must be a place"],
])("%j is refused in a sentence", (flags, message) => {
  expect(() => filterOf({ ...FLAGS, ...flags }, NOW)).toThrow(message);
});
