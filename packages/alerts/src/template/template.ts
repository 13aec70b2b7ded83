/** The tree of a parsed template: Go's text/template as far as rule files need it. */
import type { Value } from "./value.ts";

/** Something that has a value by itself. */
export type Operand =
  | { readonly kind: "dot" }
  | { readonly kind: "constant"; readonly value: Value }
  /** A function of the table, called with the arguments that follow it. */
  | { readonly kind: "function"; readonly name: string; readonly at: number }
  /** `.A.B`, `$x.A` or `(…).A`: fields, one after the other, of what `of` is. */
  | { readonly kind: "fields"; readonly of: Operand; readonly names: readonly string[]; readonly at: number }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

/** An operand with its arguments: `printf "%d" 1`. */
export interface Command {
  readonly operands: readonly [Operand, ...Operand[]];
  readonly at: number;
}

/** Commands joined by `|`, each given the one before as its last argument; perhaps kept in variables. */
export interface Pipeline {
  /** `$x :=` or `$i, $x :=`, with the dollar. */
  readonly variables: readonly string[];
  /** `=` sets variables that there are, `:=` makes new ones. */
  readonly assigns: boolean;
  readonly commands: readonly [Command, ...Command[]];
}

/** A piece of a template. */
export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
      readonly at: number;
    }
  | { readonly kind: "break" | "continue" }
  | { readonly kind: "template"; readonly name: string; readonly pipeline?: Pipeline; readonly at: number };

/** A template that was parsed and checked; made by `parseTemplate` alone. */
export interface Template {
  /** As it was written. */
  readonly text: string;
  readonly nodes: readonly TemplateNode[];
  /** Templates that `define` and `block` made, by name. */
  readonly defined: ReadonlyMap<string, readonly TemplateNode[]>;
  /** Names of labels that it reads of `$labels` or `.Labels`, where they can be told. */
  readonly labelsRead: ReadonlySet<string>;
}
