import { expect, test } from "vitest";
import { plainLine } from "./plain-line.ts";
import { EARLIER, FLOWING } from "./snapshot.cases.ts";

test("the plain line has exact numbers", () => {
  expect(plainLine(FLOWING)).toBe(
    "accepted 271 spans, 151 data points, 63 log records, refused 12; delivered otlp/tempo 255 of 273 spans, debug 273 of 273 spans, debug 63 of 63 log records; dropped 6, in flight 12, lag 3",
  );
  expect(plainLine({ ...EARLIER, waitingFor: ["the log"], exporters: [] })).toBe(
    "waiting for the log; accepted 246 spans, 151 data points, 63 log records; dropped 0, in flight 0, lag 1",
  );
});
