import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { grpcCodeOf } from "./status-code.ts";

test("HTTP statuses and gRPC codes say the same to a client that decides about a retry", () => {
  expect([503, 429, 400, 500, 401, 418].map(grpcCodeOf)).toEqual([
    status.UNAVAILABLE,
    status.RESOURCE_EXHAUSTED,
    status.INVALID_ARGUMENT,
    status.INTERNAL,
    status.UNAUTHENTICATED,
    status.UNKNOWN,
  ]);
});
