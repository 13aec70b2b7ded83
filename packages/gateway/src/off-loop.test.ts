import { silentLog, systemClock } from "@rondo/core";
import { requestFromJson } from "@rondo/otlp/json";
import { FakeClock } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { ENDS } from "./dying-thread.cases.ts";
import { type OffLoop, type OffLoopOptions, offLoop, WAIT_MS } from "./off-loop.ts";

/** A text of one long value. */
function text(bytes = 200_000): Buffer {
  const [head, tail] = ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"', '"}}]}]}]}'];
  return Buffer.from(head + "x".repeat(bytes - head.length - tail.length) + tail);
}

function started(options: Partial<OffLoopOptions> = {}) {
  const thread = offLoop({ clock: systemClock, log: silentLog, ...options });
  onTestFinished(() => thread.close());
  return thread;
}

const convert = (thread: OffLoop, tenant = "a", body = text(), limit = 20 << 20) =>
  thread.run("convertJson", tenant, { signal: "logs", body, limit });

test("a body goes with all its memory, and the result comes with its own", async () => {
  const whole = Buffer.concat([text(), Buffer.from("and more room")]);
  const body = whole.subarray(0, 200_000);
  const expected = requestFromJson("logs", body);
  const made = await convert(started(), "a", body);
  expect(Buffer.compare(made, expected)).toBe(0);
  expect(made.buffer.byteLength).toBe(made.length);
  expect(whole.buffer.detached).toBe(true);
});

test("what is thrown over a body is thrown here", async () => {
  const thread = started();
  const wrong = text().fill("]", 199_999);
  await expect(convert(thread, "a", wrong)).rejects.toMatchObject({ name: "WireError", offset: 199_999 });
  await expect(convert(thread, "a", text(), 7)).rejects.toMatchObject({ name: "SizeError", limit: 7 });
  // What has no signal is a mistake of ours, and no end of the thread.
  const bug = { signal: "none" as "logs", body: text(), limit: 1 };
  await expect(thread.run("convertJson", "a", bug)).rejects.toBeInstanceOf(TypeError);
});

test("tenants take turns", async () => {
  const thread = started();
  const order: string[] = [];
  const ordered = (name: string, tenant: string) =>
    convert(thread, tenant, text(1 << 20)).then(() => void order.push(name));
  await Promise.all([ordered("a1", "a"), ordered("a2", "a"), ordered("a3", "a"), ordered("b1", "b")]);
  expect(order.indexOf("b1")).toBeLessThan(order.indexOf("a3"));
});

test("what waits until its client is gone is not begun", async () => {
  const clock = new FakeClock();
  const thread = started({ clock });
  const first = convert(thread);
  const hasty = thread.run("convertJson", "a", { signal: "logs", body: text(), limit: 20 << 20 }, 100);
  await clock.advance(101);
  await expect(hasty).rejects.toMatchObject({ code: "unavailable" });
  const [next, second] = [convert(thread), convert(thread)];
  await clock.advance(WAIT_MS + 1);
  await expect(second).rejects.toMatchObject({ code: "unavailable" });
  expect(await next).toEqual(await first);
  expect((await first).length).toBeGreaterThan(100_000);
});

test.each(Object.entries(ENDS))("a thread that ends takes one body with it: %s", async (_, first) => {
  const told: unknown[] = [];
  const log = { ...silentLog, error: (_: string, fields?: object) => void told.push(fields) };
  const thread = started({ log, module: new URL("./dying-thread.cases.ts", import.meta.url) });
  const ended = convert(thread, "a", text().fill(first, 0, 1));
  const next = convert(thread, "b");
  await expect(ended).rejects.toMatchObject({ code: "unavailable" });
  expect((await next).length).toBeGreaterThan(100_000);
  expect(told).toHaveLength(1);
});

test("without a thread bodies are refused, each time for now", async () => {
  const thread = started({ module: new URL("./no-such-thread.ts", import.meta.url) });
  for (let i = 0; i < 2; i++) await expect(convert(thread)).rejects.toMatchObject({ code: "unavailable" });
});

test("the end rejects what runs, what waits and what comes", async () => {
  const thread = started();
  const codeOf = (thrown: { code?: string }) => thrown.code;
  const ends = ["a", "a", "b"].map((tenant) => convert(thread, tenant).catch(codeOf));
  await thread.close();
  expect(await Promise.all(ends)).toEqual(["aborted", "aborted", "aborted"]);
  await expect(convert(thread)).rejects.toMatchObject({ code: "aborted" });
});
