import { expect, test } from "vitest";
import { readTime } from "./read-time.ts";

const now = Date.parse("2026-11-25T12:00:00Z");

test.each([
  ["now", "2026-11-25T12:00:00Z"],
  ["-2h", "2026-11-25T10:00:00Z"],
  ["-1h30m", "2026-11-25T10:30:00Z"],
  ["-0", "2026-11-25T12:00:00Z"],
  ["2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z"],
  ["2026-11-25 10:00:00.5Z", "2026-11-25T10:00:00.5Z"],
  ["2026-11-25t12:00:00+02:00", "2026-11-25T10:00:00Z"],
])("%s is %s", (written, time) => {
  expect(readTime("--from", written, now)).toBe(Date.parse(time));
});

test.each(["", "2h", "yesterday", "2026-11-25", "2026-11-25T10:00:00", "2026-13-45T10:00:00Z", "-2", "-2 days"])(
  "%j is refused",
  (written) => {
    expect(() => readTime("--from", written, now)).toThrow(`--from ${written}: write a time such as`);
  },
);
