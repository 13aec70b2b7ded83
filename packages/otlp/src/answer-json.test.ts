import { expect, test } from "vitest";
import { responseFromJson, statusFromJson } from "./answer-json.ts";
import { responseToJson } from "./response.ts";
import { SIGNALS } from "./signal.ts";
import { statusToJson } from "./status.ts";
import { WireError } from "./wire-error.ts";

const text = (json: string) => Buffer.from(json);

test.each(SIGNALS)("what is written is read: a response of %s", (signal) => {
  for (const partial of [undefined, { rejected: 3, message: "why" }, { rejected: 0, message: "careful" }])
    expect(responseFromJson(signal, text(responseToJson(signal, partial)))).toEqual(partial);
});

test("what is written is read: a status", () => {
  for (const status of [
    { code: 3, message: "why" },
    { code: 8, message: "later", retryDelayMs: 1500 },
    { code: 14, message: "", retryDelayMs: 0.25 },
  ])
    expect(statusFromJson(text(statusToJson(status)))).toEqual(status);
});

test("counts are strings or numbers, members of other types are absent", () => {
  expect(responseFromJson("logs", text('{"partialSuccess":{"rejectedLogRecords":7}}'))).toEqual({
    rejected: 7,
    message: "",
  });
  for (const odd of [
    '{"partialSuccess":null}',
    "{}",
    "[]",
    '{"partialSuccess":{"rejectedLogRecords":"x","errorMessage":5}}',
  ])
    expect(responseFromJson("logs", text(odd))).toBeUndefined();
  expect(statusFromJson(text('{"code":"NOT_FOUND","message":[],"details":{}}'))).toEqual({ code: 0, message: "" });
  const delay = (spelled: string) =>
    statusFromJson(
      text(
        `{"details":[null,{"@type":"x"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":${spelled}}]}`,
      ),
    );
  expect(delay('"-1s"').retryDelayMs).toBe(0);
  for (const spelled of ["5", '"soon"', '"1.5"', '"1e3s"']) expect(delay(spelled).retryDelayMs).toBeUndefined();
});

test.each(["", "<html>", "5", "null", '"ok"', "{"])("%j is no answer", (odd) => {
  expect(() => responseFromJson("traces", text(odd))).toThrow(WireError);
  expect(() => statusFromJson(text(odd))).toThrow(WireError);
});
