import { SETTLED } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { guard } from "./guard.ts";
import { batchOf, never, recordingLog } from "./layers.cases.ts";

test("an exporter that throws keeps the batch with its owner, and the bug is logged as an error, once", async () => {
  const log = recordingLog();
  const deliver = guard(
    log,
    new FakeClock(),
  )(() => {
    throw new Error("undefined is not a function");
  });
  for (let tries = 0; tries < 3; tries++) {
    expect(await deliver(batchOf("a", 1), never())).toMatchObject({ kind: "retry", fault: { code: "bug" } });
  }
  expect(log.lines.map((line) => line.split(" ")[0])).toEqual(["error"]);
});

test("a rejection after the abort is the abort's answer, not a bug", async () => {
  const log = recordingLog();
  const deliver = guard(log, new FakeClock())((_, abort) => Promise.reject(abort.reason));
  expect(await deliver(batchOf("a", 1), AbortSignal.abort())).toMatchObject({ fault: { code: "aborted" } });
  expect(log.lines).toEqual([]);
});

test("a verdict passes as it is", async () => {
  expect(await guard(recordingLog(), new FakeClock())(async () => SETTLED)(batchOf("a", 1), never())).toBe(SETTLED);
});
