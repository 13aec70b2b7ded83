import { expect, test } from "vitest";
import { meaningOf, retryAfterMs } from "./status-table.ts";

test.each([
  [200, "accepted"],
  [202, "accepted"],
  [204, "accepted"],
  [301, "later"],
  [307, "later"],
  [400, "refused"],
  [401, "refused"],
  [404, "refused"],
  [408, "later"],
  [413, "refused"],
  [429, "later"],
  [500, "later"],
  [501, "refused"],
  [502, "later"],
  [503, "later"],
  [504, "later"],
  [505, "refused"],
  [599, "later"],
  [0, "later"],
  [999, "later"],
])("HTTP %d is %s", (status, outcome) => {
  expect(meaningOf(status).outcome).toBe(outcome);
});

test("Retry-After is seconds or a date, and nothing else", () => {
  const now = Date.UTC(2026, 0, 1);
  expect(retryAfterMs("120", now)).toBe(120_000);
  expect(retryAfterMs("Thu, 01 Jan 2026 00:00:30 GMT", now)).toBe(30_000);
  expect(retryAfterMs("Thu, 01 Jan 2015 00:00:30 GMT", now)).toBe(0);
  expect(retryAfterMs("soon", now)).toBeUndefined();
  expect(retryAfterMs(undefined, now)).toBeUndefined();
});
