/** What is wrong with an expression or its evaluation, and where in the text. */

/** A place in an expression's text, both counted from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/**
 * `parse`: the text is no valid expression. `unbuilt`: it is, but this engine has no such thing yet. `execution`: the data
 * cannot be evaluated so. `limit`: a query limit was hit. `canceled`: the caller gave up, or its deadline has passed.
 */
export type PromqlErrorKind = "parse" | "unbuilt" | "execution" | "limit" | "canceled";

/** The one error of this package. `message` is without the position; `atPosition` has it in front, as in Prometheus. */
export class PromqlError extends Error {
  override readonly name = "PromqlError";
  readonly kind: PromqlErrorKind;
  readonly position: TextPosition | undefined;

  constructor(kind: PromqlErrorKind, message: string, position?: TextPosition) {
    super(message);
    this.kind = kind;
    this.position = position;
  }

  /** The message as Prometheus writes it: `1:5: parse error: …` where a position is known. */
  get atPosition(): string {
    const place = this.position === undefined ? "" : `${this.position.line}:${this.position.column}: `;
    return `${place}${this.kind === "parse" ? "parse error: " : ""}${this.message}`;
  }
}

/** The line and column of an offset into a text. */
export function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}

/** An error of kind `parse` at an offset into the text. */
export function parseFailure(text: string, offset: number, message: string): PromqlError {
  return new PromqlError("parse", message, positionOf(text, offset));
}
