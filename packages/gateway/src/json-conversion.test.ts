import { silentLog, systemClock } from "@rondo/core";
import { requestFromJson } from "@rondo/otlp/json";
import { FakeClock } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { ENDS } from "./dying-thread.cases.ts";
import { DEADLINE_MS } from "./intake.ts";
import { type JsonConversionOptions, jsonConversion, THREAD_BYTES } from "./json-conversion.ts";

const LIMIT = 20 << 20;
const A = { limit: LIMIT, tenant: "a" };
const B = { limit: LIMIT, tenant: "b" };

/** A text of so many bytes, most of them of one value. */
function text(bytes = THREAD_BYTES, value = "x"): Buffer {
  const head = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"';
  const tail = '"}}]}]}]}';
  return Buffer.from(head + value.repeat(bytes - head.length - tail.length) + tail);
}

function started(options: Partial<JsonConversionOptions> = {}) {
  const json = jsonConversion({ clock: systemClock, log: silentLog, ...options });
  onTestFinished(() => json.close());
  return json;
}

const dying = () => {
  const told: unknown[] = [];
  const log = { ...silentLog, error: (_: string, fields?: object) => void told.push(fields) };
  return { told, json: started({ log, module: new URL("./dying-thread.cases.ts", import.meta.url) }) };
};

test("a large text goes to the thread with its memory, a small one is converted here, and both are the same request", async () => {
  const json = started();
  const [small, large] = [text(THREAD_BYTES - 1), text()];
  const expected = [small, large].map((one) => requestFromJson("logs", one));
  const made = [await json.convert("logs", small, A), await json.convert("logs", large, A)];
  expect(made.map((one, i) => Buffer.compare(one, expected[i] ?? small))).toEqual([0, 0]);
  expect([small.length, large.length]).toEqual([THREAD_BYTES - 1, 0]);
  // All of its memory, so that the intake can free it.
  expect(made.map(({ buffer, length }) => buffer.byteLength - length)).toEqual([0, 0]);
});

test("a text that shares its memory stays whole", async () => {
  const shared = Buffer.concat([text(), Buffer.from("and more")]);
  const part = shared.subarray(0, THREAD_BYTES);
  const expected = requestFromJson("logs", part);
  expect(Buffer.compare(await started().convert("logs", part, A), expected)).toBe(0);
  expect(shared.subarray(THREAD_BYTES).toString()).toBe("and more");
});

test.each([
  ["no JSON", (one: Buffer) => one.subarray(0, -1), LIMIT],
  ["a path", (one: Buffer) => Buffer.from(one.toString().replace('{"stringValue"', '[{"stringValue"')), LIMIT],
  ["a byte far in", (one: Buffer) => Buffer.from(one.toString().replace(/xx"/, '\\q"')), LIMIT],
  ["too many bytes", (one: Buffer) => one, 1_000],
])("what is wrong with a large text is told as of a small one: %s", async (_, broken, limit) => {
  const given = broken(text(THREAD_BYTES + 10));
  let expected: unknown;
  try {
    requestFromJson("logs", given, limit);
  } catch (thrown) {
    expected = thrown;
  }
  const thrown = await started()
    .convert("logs", given, { ...A, limit })
    .catch((reason: unknown) => reason);
  expect(thrown).toBeInstanceOf(Error);
  // Class, message and fields.
  expect(thrown).toEqual(expected);
  expect(Object.getPrototypeOf(thrown)).toBe(Object.getPrototypeOf(expected));
});

test("tenants take turns", async () => {
  const json = started();
  const order: string[] = [];
  const convert = (name: string, bounds: typeof A) =>
    json.convert("logs", text(1 << 20), bounds).then(() => void order.push(name));
  await Promise.all([convert("a1", A), convert("a2", A), convert("a3", A), convert("b1", B)]);
  expect(order.indexOf("b1")).toBeLessThan(order.indexOf("a3"));
});

test("what waits until its client is gone is not begun", async () => {
  const clock = new FakeClock();
  const json = started({ clock });
  const first = json.convert("logs", text(), A);
  const second = json.convert("logs", text(), A);
  await clock.advance(DEADLINE_MS + 1);
  await expect(second).rejects.toMatchObject({ code: "unavailable" });
  expect((await first).length).toBeGreaterThan(THREAD_BYTES / 2);
});

test.each(Object.entries(ENDS))("a thread that ends takes one text with it: %s", async (_, first) => {
  const { json, told } = dying();
  const deadly = text();
  deadly.write(first);
  const ended = json.convert("logs", deadly, A);
  const next = json.convert("logs", text(), B);
  await expect(ended).rejects.toMatchObject({ code: "unavailable" });
  expect((await next).length).toBeGreaterThan(THREAD_BYTES / 2);
  expect(told).toHaveLength(1);
});

test("without a thread a large text is refused, and small ones are as ever", async () => {
  const json = started({ module: new URL("./no-such-thread.ts", import.meta.url) });
  for (let i = 0; i < 2; i++) {
    await expect(json.convert("logs", text(), A)).rejects.toMatchObject({ code: "unavailable" });
  }
  expect((await json.convert("logs", text(200), A)).length).toBeGreaterThan(0);
});

test("the end rejects what runs, what waits and what comes", async () => {
  const json = started();
  const ends = [A, A, B].map((bounds) => json.convert("logs", text(), bounds).catch(({ code }) => code));
  await json.close();
  expect(await Promise.all(ends)).toEqual(["aborted", "aborted", "aborted"]);
  await expect(json.convert("logs", text(), A)).rejects.toMatchObject({ code: "aborted" });
});
