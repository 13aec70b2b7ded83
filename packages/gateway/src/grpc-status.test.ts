import { Fault } from "@rondo/core";
import { decodeStatus } from "@rondo/otlp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { statusHeaders } from "./grpc-status.ts";
import { refusalStatus } from "./status-table.ts";

const written = (fault: Fault, afterMs?: number) => {
  const headers = statusHeaders(refusalStatus({ kind: "refused", fault, ...(afterMs !== undefined && { afterMs }) }));
  return { headers, details: decodeStatus(Buffer.from(headers["grpc-status-details-bin"] ?? "", "base64")) };
};

test("OK is a number and nothing else", () => {
  expect(statusHeaders({ code: 0, message: "" })).toEqual({ "grpc-status": "0" });
});

test("a refusal is said in the status and in its details, with the wait as RetryInfo", () => {
  const { headers, details } = written(new Fault("unavailable", "busy"), 1_500);
  expect(headers).toMatchObject({ "grpc-status": "14", "grpc-message": "busy" });
  expect(details).toEqual({ code: 14, message: "busy", retryDelayMs: 1_500 });
});

test("RESOURCE_EXHAUSTED without RetryInfo is final", () => {
  const { headers, details } = written(new Fault("too_large", "20 MiB"));
  expect(headers["grpc-status"]).toBe("8");
  expect(details.retryDelayMs).toBeUndefined();
});

test.each([
  ["a plain text, with punctuation!", "a plain text, with punctuation!"],
  ["100% sure", "100%25 sure"],
  ["Ä\r\nx: 🎼", "%C3%84%0D%0Ax: %F0%9F%8E%BC"],
  ["  spaces around ", "spaces around"],
])("%j is written as %j", (message, encoded) => {
  expect(written(new Fault("invalid", message)).headers["grpc-message"]).toBe(encoded);
});

test("whatever the message is, the headers are ASCII, short, and say the same twice", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 3_000 }),
    fc.string({ minLength: 1_400, maxLength: 3_000 }),
  );
  fc.assert(
    fc.property(text, (message) => {
      const { headers, details } = written(new Fault("invalid", message));
      const encoded = headers["grpc-message"] ?? "";
      expect(encoded).toMatch(/^([!-~]([ -~]*[!-~])?)?$/);
      expect(encoded.length).toBeLessThanOrEqual(1_500);
      expect(decodeURIComponent(encoded)).toBe(details.message);
      expect(message.toWellFormed().includes(details.message.replace(/\ufffd+$/, ""))).toBe(true);
    }),
    { numRuns: 40 },
  );
});
