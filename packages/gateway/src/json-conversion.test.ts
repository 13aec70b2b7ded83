import { silentLog, systemClock } from "@rondo/core";
import { requestFromJson } from "@rondo/otlp/json";
import { expect, onTestFinished, test } from "vitest";
import { JSON_THREAD_BYTES, jsonConversion } from "./json-conversion.ts";
import { offLoop } from "./off-loop.ts";

const BOUNDS = { limit: 20 << 20, tenant: "a" };

/** A text of one long value. */
function text(bytes: number): string {
  const [head, tail] = ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"', '"}}]}]}]}'];
  return head + "x".repeat(bytes - head.length - tail.length) + tail;
}

function started() {
  const thread = offLoop({ clock: systemClock, log: silentLog });
  onTestFinished(() => thread.close());
  return jsonConversion(thread);
}

test("what is large leaves the loop, and both ways give the same request", async () => {
  const json = started();
  for (const [bytes, left] of [
    [JSON_THREAD_BYTES - 1, JSON_THREAD_BYTES - 1],
    [JSON_THREAD_BYTES, 0],
  ] as const) {
    const body = Buffer.from(text(bytes));
    const expected = requestFromJson("logs", body);
    expect(Buffer.compare(await json("logs", body, BOUNDS), expected)).toBe(0);
    expect(body).toHaveLength(left);
  }
});

test.each([
  ["no JSON", (one: string) => one.slice(0, -1), BOUNDS.limit],
  ["a wrong value", (one: string) => one.replace('{"stringValue"', '[{"stringValue"'), BOUNDS.limit],
  ["a wrong escape far in", (one: string) => one.replace('xx"', '\\q"'), BOUNDS.limit],
  ["too many bytes", (one: string) => one, 1_000],
])("what is wrong with a large text is told as of a small one: %s", async (_, broken, limit) => {
  const given = Buffer.from(broken(text(JSON_THREAD_BYTES + 10)));
  const thrown = await started()("logs", Buffer.from(given), { ...BOUNDS, limit }).catch((reason: unknown) => reason);
  // Class, message and fields.
  const caught = catching(() => requestFromJson("logs", given, limit));
  expect(thrown).toEqual(caught);
  expect(thrown).toBeInstanceOf(Object(caught).constructor);
});

function catching(run: () => unknown): unknown {
  try {
    return run();
  } catch (thrown) {
    return thrown;
  }
}
