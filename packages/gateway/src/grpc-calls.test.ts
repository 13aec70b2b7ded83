import { Fault } from "@rondo/core";
import { decodeStatus } from "@rondo/otlp";
import { expect, test } from "vitest";
import { grpcStatus } from "./grpc-calls.ts";

const detailsOf = (fault: Fault, afterMs?: number) => {
  const status = grpcStatus({ kind: "refused", fault, ...(afterMs !== undefined && { afterMs }) });
  const [bin] = status.metadata.get("grpc-status-details-bin");
  if (!(bin instanceof Buffer)) throw new Error("no details");
  return { status, details: decodeStatus(bin) };
};

test("a refusal is said in the status and in its details, with the wait as RetryInfo", () => {
  const { status, details } = detailsOf(new Fault("unavailable", "busy"), 1_500);
  expect([status.code, status.details]).toEqual([14, "busy"]);
  expect(details).toMatchObject({ code: 14, message: "busy", retryDelayMs: 1_500 });
});

test("RESOURCE_EXHAUSTED without RetryInfo is final", () => {
  const { status, details } = detailsOf(new Fault("too_large", "20 MiB"));
  expect(status.code).toBe(8);
  expect(details?.retryDelayMs).toBeUndefined();
});

test("a message that is cut within a character is still text", () => {
  const { status } = detailsOf(new Fault("invalid", `${"x".repeat(999)}🎼`));
  expect(status.details).toHaveLength(1_000);
  expect(status.details.isWellFormed()).toBe(true);
});
