/**
 * What a client is told when a request is not taken: every Fault code as gRPC status and HTTP status, in the one table that both
 * transports read. OTLP specification, "Failures"; delivery rules: nothing that later may cure is ever answered as final.
 */
import { Fault, type FaultCode, memoryShortage } from "@rondo/core";
import { SizeError, type Status, WireError } from "@rondo/otlp";
import type { Refused } from "./intake.ts";

/** The gRPC status codes that the gateway answers with (google.rpc.Code). */
export const GRPC = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** How one fault code is answered. */
export interface StatusRow {
  readonly grpc: (typeof GRPC)[keyof typeof GRPC];
  readonly http: number;
  /** Later may do: the answer carries RetryInfo or Retry-After. RESOURCE_EXHAUSTED without RetryInfo means never. */
  readonly retryable: boolean;
}

const LATER: StatusRow = { grpc: GRPC.unavailable, http: 503, retryable: true };

/** The table. Codes that tell of this process or of the log, not of the request, are all "later". */
export const STATUS = {
  invalid: { grpc: GRPC.invalidArgument, http: 400, retryable: false },
  too_large: { grpc: GRPC.resourceExhausted, http: 413, retryable: false },
  throttled: { grpc: GRPC.resourceExhausted, http: 429, retryable: true },
  unavailable: LATER,
  rejected: { grpc: GRPC.failedPrecondition, http: 400, retryable: false },
  unauthenticated: { grpc: GRPC.unauthenticated, http: 401, retryable: false },
  forbidden: { grpc: GRPC.permissionDenied, http: 403, retryable: false },
  not_found: { grpc: GRPC.unimplemented, http: 404, retryable: false },
  unsupported: { grpc: GRPC.unimplemented, http: 415, retryable: false },
  config: LATER,
  startup: LATER,
  corrupt: LATER,
  disk_full: LATER,
  aborted: LATER,
  // The same request would meet the same bug again: only a final answer keeps a client from repeating it for ever.
  bug: { grpc: GRPC.internal, http: 500, retryable: false },
} as const satisfies Record<FaultCode, StatusRow>;

/** google.rpc.Code for the HTTP statuses that only HTTP has; they are answered before there is a Fault. */
export const HTTP_ONLY = {
  400: GRPC.invalidArgument,
  404: GRPC.unimplemented,
  405: GRPC.unimplemented,
  408: GRPC.invalidArgument,
  413: GRPC.resourceExhausted,
  415: GRPC.unimplemented,
  431: GRPC.invalidArgument,
} as const;

/** The row of a fault. */
export function statusOf(fault: Fault): StatusRow {
  return STATUS[fault.code];
}

/** A refusal as google.rpc.Status, with the wait as its retry delay; what the client itself got wrong is a bad request. */
export function refusalStatus({ fault, afterMs }: Refused): Status {
  return {
    code: statusOf(fault).grpc,
    message: fault.message,
    ...(afterMs !== undefined && { retryDelayMs: afterMs }),
    ...(fault.code === "invalid" && { badRequest: true }),
  };
}

/**
 * The fault of whatever a decoder or validator threw over a request's bytes; anything but what they promise, and a want of memory, is
 * a bug.
 */
export function requestFault(thrown: unknown): Fault {
  if (thrown instanceof SizeError) return new Fault("too_large", thrown.message, { cause: thrown });
  if (thrown instanceof WireError) return new Fault("invalid", thrown.message, { cause: thrown });
  return memoryShortage(thrown) ?? Fault.from(thrown);
}
