import { requestFromJson } from "@rondo/otlp/json";
import { transferableSymbol, valueSymbol } from "piscina";
import { expect, test } from "vitest";
import { convertJson } from "./json-thread.ts";

const task = (text: string, limit = 1_000) => ({
  signal: "logs" as const,
  text: new Uint8Array(Buffer.from(text)),
  limit,
});
const RECORD = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}';

test("a request goes with its memory, and the text's is given back", () => {
  const given = task(RECORD);
  const made = convertJson(given);
  const expected = requestFromJson("logs", Buffer.from(RECORD));
  expect(made).toMatchObject({ [transferableSymbol]: expected.buffer, [valueSymbol]: expected });
  expect(given.text.buffer.detached).toBe(true);
});

test("what is wrong with a text is said, not thrown", () => {
  expect(convertJson(task('{"resourceLogs":[{"scopeLogs":3}]}'))).toEqual({
    kind: "malformed",
    problem: "an array was expected",
    offset: 30,
    path: "resourceLogs[0].scopeLogs",
  });
  expect(convertJson(task(RECORD, 4))).toEqual({ kind: "too_large", limit: 4 });
  const bug = task(RECORD);
  const given = { ...bug, signal: "none" as "logs" };
  expect(convertJson(given)).toMatchObject({ kind: "other", thrown: expect.any(Error) });
  expect(bug.text.buffer.detached).toBe(true);
});
