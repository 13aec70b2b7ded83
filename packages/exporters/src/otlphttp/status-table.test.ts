import { expect, test } from "vitest";
import { meaningOf, retryAfterMs } from "./status-table.ts";

test.each([
  [200, "accepted"],
  [202, "accepted"],
  [204, "accepted"],
  [301, "later"],
  [307, "later"],
  [400, "refused"],
  [401, "later"],
  [402, "refused"],
  [403, "later"],
  [404, "later"],
  [405, "later"],
  [407, "later"],
  [408, "later"],
  [409, "refused"],
  [413, "refused"],
  [415, "later"],
  [422, "refused"],
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

test.each([401, 403, 404, 405, 407, 415, 302])("HTTP %d says what to set right", (status) => {
  expect(meaningOf(status)).toMatchObject({ hint: expect.stringMatching(/check|set/) });
});

test("Retry-After is seconds or a date, and nothing else", () => {
  const now = Date.UTC(2026, 0, 1);
  expect(retryAfterMs("120", now)).toBe(120_000);
  expect(retryAfterMs("Thu, 01 Jan 2026 00:00:30 GMT", now)).toBe(30_000);
  expect(retryAfterMs("Thu, 01 Jan 2015 00:00:30 GMT", now)).toBe(0);
  expect(retryAfterMs("soon", now)).toBeUndefined();
  expect(retryAfterMs(undefined, now)).toBeUndefined();
});
