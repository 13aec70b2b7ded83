import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { isUnanswered, meaningOf, STATUS_TABLE } from "./status-table.ts";

test("every status of gRPC but OK has a row", () => {
  const codes = Object.values(status).filter((code) => typeof code === "number" && code !== status.OK);
  expect(Object.keys(STATUS_TABLE).map(Number)).toEqual(codes);
});

test("the codes that OTLP calls retryable are, with two that any accident may bring and four that somebody must set right", () => {
  const of = (outcome: string) =>
    Object.keys(STATUS_TABLE)
      .map(Number)
      .filter((code) => meaningOf(code).outcome === outcome);
  const otlp = ["CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"] as const;
  const hinted = [status.NOT_FOUND, status.PERMISSION_DENIED, status.UNIMPLEMENTED, status.UNAUTHENTICATED];
  const more = [status.UNKNOWN, status.INTERNAL, ...hinted];
  expect(of("later").sort()).toEqual([...otlp.map((name) => status[name]), ...more].sort());
  expect(hinted.every((code) => /check/.test(meaningOf(code).hint ?? ""))).toBe(true);
  expect(of("with_delay")).toEqual([status.RESOURCE_EXHAUSTED]);
  expect(meaningOf(4242).outcome).toBe("later");
});

test("statuses of the library's own making are told from the backend's", () => {
  expect(isUnanswered("Received HTTP status code 404")).toBe(true);
  expect(isUnanswered("Connection dropped")).toBe(true);
  expect(isUnanswered("Received RST_STREAM with code 2 (Internal server error)")).toBe(true);
  expect(isUnanswered("read ECONNRESET")).toBe(true);
  expect(isUnanswered("connect ETIMEDOUT 127.0.0.1:4317")).toBe(false);
  expect(isUnanswered("no such tenant")).toBe(false);
  expect(isUnanswered("No connection established. Last error: ECONNREFUSED")).toBe(false);
});
