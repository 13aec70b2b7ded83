/** What the engine notices on the way: warnings for probably wrong results, infos for possibly surprising ones. */
import type { Expr } from "./expr.ts";

/** The most notes of a kind that a result carries: a query over thousands of metrics would name each. */
export const MAX_NOTES = 10;

/** Collects the notes of one evaluation, each once. */
export class Notes {
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();

  /** A warning about the expression `at`. */
  warn(message: string, at: Expr): void {
    add(this.#warnings, `PromQL warning: ${message} ${placeOf(at)}`);
  }

  /** An info about the expression `at`. */
  info(message: string, at: Expr): void {
    add(this.#infos, `PromQL info: ${message} ${placeOf(at)}`);
  }

  /** The warnings in the order in which they came. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** The infos in the order in which they came. */
  get infos(): readonly string[] {
    return [...this.#infos];
  }
}

/** The first ones are kept: they are about what comes first in the text. */
function add(notes: Set<string>, note: string): void {
  if (notes.size < MAX_NOTES) notes.add(note);
}

/** Where the expression begins, as Prometheus appends it. */
function placeOf({ span }: Expr): string {
  return `(${span.line}:${span.column})`;
}
