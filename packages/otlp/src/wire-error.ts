/** What is thrown when bytes are not the protobuf message they should be. Nothing else is thrown over malformed input. */

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
