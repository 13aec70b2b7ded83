import { FAULT_CODES, Fault } from "@rondo/core";
import { SizeError, WireError } from "@rondo/otlp";
import { expect, test } from "vitest";
import { refusalStatus, requestFault, STATUS, statusOf } from "./status-table.ts";

/** OTLP specification 1.x: what a client may retry. */
const RETRYABLE_HTTP = [429, 502, 503, 504];
const RETRYABLE_GRPC = [1, 4, 10, 11, 14, 15];
const RESOURCE_EXHAUSTED = 8;

test("every fault code has a row, and what a client reads from it on both transports is what the row says", () => {
  expect(Object.keys(STATUS).sort()).toEqual(Object.keys(FAULT_CODES).sort());
  for (const [code, { grpc, http, retryable }] of Object.entries(STATUS)) {
    expect(RETRYABLE_HTTP.includes(http), code).toBe(retryable);
    // RESOURCE_EXHAUSTED is retryable exactly with RetryInfo, which is sent exactly for retryable rows.
    expect(grpc === RESOURCE_EXHAUSTED ? retryable : RETRYABLE_GRPC.includes(grpc), code).toBe(retryable);
  }
});

test("only a WireError is the client's fault", () => {
  expect(requestFault(new WireError("field number 0", 3)).code).toBe("invalid");
  expect(requestFault(new SizeError(3)).code).toBe("too_large");
  expect(requestFault(new Fault("too_large", "x")).code).toBe("too_large");
  expect(statusOf(requestFault(new TypeError("x")))).toMatchObject({ http: 500, grpc: 13 });
});

test("a bad request is told so, a wait when there is one", () => {
  const status = (code: "invalid" | "throttled" | "too_large", afterMs?: number) =>
    refusalStatus({ kind: "refused", fault: new Fault(code, "m"), ...(afterMs !== undefined && { afterMs }) });
  expect(status("invalid")).toEqual({ code: 3, message: "m", badRequest: true });
  expect(status("throttled", 5)).toEqual({ code: 8, message: "m", retryDelayMs: 5 });
  expect(status("too_large")).toEqual({ code: 8, message: "m" });
});
