/** gRPC status codes that say what an HTTP status says, as google/rpc/code.proto pairs them. */

const CODE_OF: ReadonlyMap<number, number> = new Map([
  [400, 3], // INVALID_ARGUMENT
  [401, 16], // UNAUTHENTICATED
  [403, 7], // PERMISSION_DENIED
  [404, 12], // UNIMPLEMENTED: over gRPC a missing path is a missing method
  [408, 4], // DEADLINE_EXCEEDED
  [413, 8], // RESOURCE_EXHAUSTED
  [415, 3],
  [429, 8],
  [500, 13], // INTERNAL
  [501, 12],
  [502, 14], // UNAVAILABLE
  [503, 14],
  [504, 4],
]);

/** Clients treat it as final, as they do an HTTP status that the specification does not list. */
const UNKNOWN = 2;

/** The code for an HTTP status of 400 or more; UNKNOWN where none says the same. */
export function grpcCodeOf(status: number): number {
  return CODE_OF.get(status) ?? UNKNOWN;
}
