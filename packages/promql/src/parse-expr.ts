/**
 * From text to a typed tree: the only way to make an expression. A Pratt parser over tokens; types are checked as nodes are
 * built, so that a tree that exists can be evaluated. https://prometheus.io/docs/prometheus/latest/querying/basics
 */
import { checkAggregate, checkBinary, checkCall, checkUnary } from "./check-types.ts";
import type { AggregateOp, BinaryOp, Expr } from "./expr.ts";
import { functionNamed } from "./functions/function-table.ts";
import { quote } from "./go-string.ts";
import { AGGREGATIONS, PRECEDENCE, RESERVED } from "./keywords.ts";
import { readGrouping, readModifiers } from "./parse-matching.ts";
import { literalOf } from "./parse-number.ts";
import { readPostfix } from "./parse-postfix.ts";
import { readSelector } from "./parse-selector.ts";
import { PromqlError } from "./promql-error.ts";
import { TokenReader } from "./token-reader.ts";

/** How deep an expression may be nested, chains of operators included: what the evaluator's stack holds with ease. */
export const MAX_DEPTH = 400;

/**
 * Parses and type-checks an expression. Throws a PromqlError with the place: `parse` when it is wrong, `unbuilt` when it is
 * right but has something that this engine cannot evaluate yet.
 */
export function parseExpr(text: string): Expr {
  const reader = new TokenReader(text);
  if (reader.is("end")) throw reader.failure({ start: 0 }, "no expression found in input");
  const expr = new Parser(reader).expression(0, 0);
  if (!reader.is("end")) throw reader.unexpected();
  return expr;
}

/** A binary operator at the reader's place. */
function operatorAt(reader: TokenReader): BinaryOp | undefined {
  const { kind } = reader.peek();
  const op = kind === "word" ? reader.word() : kind;
  // The keys of the table are exactly the operators.
  return op !== undefined && op in PRECEDENCE ? (op as BinaryOp) : undefined;
}

class Parser {
  readonly #reader: TokenReader;

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  /** Reads an expression of operators that bind more tightly than `above`. */
  expression(above: number, depth: number): Expr {
    const reader = this.#reader;
    const { start } = reader;
    let left = this.#unary(this.#deeper(depth));
    // A chain of operators makes a tree as deep as it is long: it counts like nesting.
    for (let chain = depth + 1; ; chain++) {
      const op = operatorAt(reader);
      if (op === undefined || PRECEDENCE[op] <= above) return left;
      this.#deeper(chain);
      const opStart = reader.start;
      reader.next();
      const modifiers = readModifiers(reader);
      // `^` binds to the right: its operand may itself be a power.
      const right = this.expression(PRECEDENCE[op] - (op === "^" ? 1 : 0), chain);
      left = checkBinary(reader, { op, left, right, modifiers, opStart, span: reader.spanFrom(start) });
    }
  }

  /** Refuses to go deeper than the stack allows. */
  #deeper(depth: number): number {
    if (depth <= MAX_DEPTH) return depth + 1;
    throw this.#reader.failure(this.#reader.peek(), `expression is nested more than ${MAX_DEPTH} levels deep`);
  }

  #unary(depth: number): Expr {
    const reader = this.#reader;
    const { start } = reader;
    const op = reader.is("-") ? "-" : reader.is("+") ? "+" : undefined;
    if (op === undefined) return readPostfix(reader, this.#primary(depth), start);
    reader.next();
    // A sign binds like a multiplication: -1^2 is -(1^2), -1*2 is (-1)*2.
    const inner = this.expression(PRECEDENCE["*"], depth);
    const span = reader.spanFrom(start);
    // A sign before a number is part of it, as Prometheus shows it.
    if (inner.kind === "number" && !inner.duration)
      return { ...inner, value: op === "-" ? -inner.value : inner.value, span };
    return checkUnary(reader, op, inner, span);
  }

  #primary(depth: number): Expr {
    const reader = this.#reader;
    const { start } = reader;
    if (reader.skip("(")) {
      const inner = this.expression(0, depth);
      reader.expect(")", "paren expression");
      return { kind: "paren", type: inner.type, inner, span: reader.spanFrom(start) };
    }
    if (reader.is("string")) {
      const value = reader.string("string literal");
      return { kind: "string", type: "string", value, span: reader.spanFrom(start) };
    }
    if (reader.is("{")) return readSelector(reader);
    const token = reader.peek();
    const value = literalOf(token, reader);
    if (value !== undefined) {
      reader.next();
      return {
        kind: "number",
        type: "scalar",
        value,
        duration: token.kind === "duration",
        span: reader.spanFrom(start),
      };
    }
    if (!reader.is("word")) throw reader.unexpected();
    return this.#named(depth);
  }

  /** Reads what begins with a word: an aggregation, a call, or a selector. */
  #named(depth: number): Expr {
    const reader = this.#reader;
    const word = reader.word() ?? "";
    // One token ahead decides: every aggregation and most keywords are names of metrics too.
    const after = reader.peek(1);
    if (word in AGGREGATIONS) {
      const modifier = reader.word(1);
      if (after.kind === "(" || modifier === "by" || modifier === "without") return this.#aggregate(depth);
    } else if (after.kind === "(") return this.#call(depth);
    if (RESERVED.has(word)) throw reader.unexpected();
    return readSelector(reader);
  }

  #aggregate(depth: number): Expr {
    const reader = this.#reader;
    const { start } = reader;
    // Asked before: the word is a key of the table.
    const op = reader.next().text.toLowerCase() as AggregateOp;
    let grouping = this.#grouping();
    const args = this.#args(depth, "aggregation");
    grouping ??= this.#grouping();
    return checkAggregate(reader, { op, args, grouping, span: reader.spanFrom(start) });
  }

  #grouping(): { readonly without: boolean; readonly labels: readonly string[] } | undefined {
    const word = this.#reader.word();
    if (word !== "by" && word !== "without") return undefined;
    this.#reader.next();
    return { without: word === "without", labels: readGrouping(this.#reader) };
  }

  #call(depth: number): Expr {
    const reader = this.#reader;
    const token = reader.next();
    // `start()` and its like are words of the language, which may be written in any case; other functions may not.
    const lower = token.text.toLowerCase();
    const known = functionNamed(["start", "end", "step", "range"].includes(lower) ? lower : token.text);
    const args = this.#args(depth, "function call", token.text === "info");
    const span = reader.spanFrom(token.start);
    // Arguments are read first: a mistake in them comes earlier in the text than what they are for.
    if (known === undefined) throw reader.failure(token, `unknown function with name ${quote(token.text)}`);
    if (known.run.kind === "unbuilt") throw new PromqlError("unbuilt", `function ${known.name} is not built yet`, span);
    return checkCall(reader, known, args, span);
  }

  /** Reads arguments; the second one of `info()` selects labels, so that it may match everything. */
  #args(depth: number, context: string, info = false): readonly Expr[] {
    const reader = this.#reader;
    reader.expect("(", context);
    const args: Expr[] = [];
    while (!reader.skip(")")) {
      const labels = info && args.length === 1 && reader.is("{");
      args.push(labels ? readSelector(reader, true) : this.expression(0, depth));
      const comma = reader.peek();
      if (!reader.skip(",")) {
        if (!reader.is(")")) throw reader.unexpected(context, '"," or ")"');
      } else if (reader.is(")")) throw reader.failure(comma, "trailing commas not allowed in function call args");
    }
    return args;
  }
}
