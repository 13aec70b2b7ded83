import { encodeResponse, encodeStatus, responseToJson, statusToJson } from "@rondo/otlp";
import { expect, test } from "vitest";
import { readPartial, readRefusal } from "./answer.ts";

const answer = (type: string, body: string | Uint8Array, more: object = {}) => ({
  statusCode: 200,
  headers: type === "" ? {} : { "content-type": type },
  body: Buffer.from(body),
  cut: false,
  ...more,
});
const partial = { rejected: 3, message: "too old" };

test("partial success is read from protobuf and from JSON, whose counts may be strings", () => {
  expect(readPartial("logs", answer("application/x-protobuf", encodeResponse("logs", partial)))).toEqual(partial);
  expect(readPartial("logs", answer("application/json; charset=utf-8", responseToJson("logs", partial)))).toEqual(
    partial,
  );
  const numbers = '{"partialSuccess":{"rejectedSpans":3,"errorMessage":"too old"}}';
  expect(readPartial("traces", answer("application/json", numbers))).toEqual(partial);
});

test.each([
  ["", ""],
  ["application/json", "{}"],
  ["text/plain", "ok"],
  ["application/json", '{"partialSuccess":{"rejectedSpans":"many"}}'],
])("full success: type %s, body %s", (type, body) => {
  expect(readPartial("traces", answer(type, body))).toEqual({ rejected: 0, message: "" });
});

test.each([
  ["text/html", "<html>"],
  ["application/json", "<html>"],
  ["application/x-protobuf", "<html>"],
  ["", "<html>"],
])("garbage of type %s is a warning, not a verdict", (type, body) => {
  const read = readPartial("traces", answer(type, body));
  expect(read.rejected).toBe(0);
  expect(read.message).toContain("is not an OTLP response");
});

test("an answer that broke off is ignored with a warning", () => {
  const half = { ...answer("application/x-protobuf", encodeResponse("logs", partial)), cut: true };
  expect(readPartial("logs", half)).toMatchObject({ rejected: 0, message: expect.stringContaining("broke off") });
});

test("a refusal is told in the backend's words, whatever the format", () => {
  const status = { code: 3, message: "no\nsuch tenant" };
  const said = (type: string, body: string | Uint8Array) => readRefusal(answer(type, body, { statusCode: 400 }));
  expect(said("application/x-protobuf", encodeStatus(status))).toBe("HTTP 400: no such tenant");
  expect(said("application/json", statusToJson(status))).toBe("HTTP 400: no such tenant");
  expect(said("text/plain", "no such tenant")).toBe("HTTP 400: no such tenant");
  expect(said("text/html", "<html>")).toBe("HTTP 400");
  expect(said("application/json", "[")).toBe("HTTP 400");
});
