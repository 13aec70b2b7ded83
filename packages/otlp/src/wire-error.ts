/** What is thrown when bytes are not the protobuf message they should be, or become more than they may. */

/** Malformed protobuf or OTLP/JSON. The request is wrong and will stay wrong: HTTP 400, gRPC INVALID_ARGUMENT. */
export class WireError extends Error {
  override readonly name = "WireError";
  /** Where in the body, in bytes. */
  readonly offset: number;
  /** The field, such as `resourceSpans[0].scopeSpans[1].spans[4].name`; empty while only the offset is known. */
  readonly path: string;
  /** What is wrong there, without the place. */
  readonly problem: string;

  constructor(problem: string, offset: number, path = "") {
    super(path === "" ? `${problem} at byte ${offset}` : `${path}: ${problem} at byte ${offset}`);
    this.problem = problem;
    this.offset = offset;
    this.path = path;
  }
}

/** A result that would have more bytes than the caller allowed. The request may be right, but is too large: HTTP 413. */
export class SizeError extends Error {
  override readonly name = "SizeError";
  /** The bytes that were allowed. */
  readonly limit: number;

  constructor(limit: number) {
    super(`the request exceeds the limit of ${limit} B in protobuf`);
    this.limit = limit;
  }
}
