import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { recordingLog } from "./layers.cases.ts";
import { MENTION_EVERY_MS, Recurring } from "./recurring.ts";

test("a trouble that flaps does not flood the log: neither its starts nor its ends", async () => {
  const clock = new FakeClock();
  const log = recordingLog();
  const trouble = new Recurring(log, clock);
  for (let times = 0; times < 100; times++) {
    trouble.happened("down");
    trouble.over("up");
    await clock.advance(100);
  }
  expect(log.lines).toEqual(["warn down", "info up"]);
  await clock.advance(MENTION_EVERY_MS);
  trouble.happened("down");
  expect(log.lines.at(-1)).toBe("warn down");
});

test("an end without a start says nothing", () => {
  const log = recordingLog();
  new Recurring(log, new FakeClock()).over("up");
  expect(log.lines).toEqual([]);
});
