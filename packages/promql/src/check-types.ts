/** Builds nodes whose operands have the types that they must have; the messages are Prometheus's. */
import type {
  AggregateExpr,
  AggregateOp,
  BinaryExpr,
  BinaryOp,
  CallExpr,
  Expr,
  Span,
  SubqueryExpr,
  UnaryExpr,
  ValueType,
} from "./expr.ts";
import type { PromqlFunction } from "./functions/function-type.ts";
import { AGGREGATIONS } from "./keywords.ts";
import type { Modifiers } from "./parse-matching.ts";
import type { TokenReader } from "./token-reader.ts";

/** Types as Prometheus's messages call them. */
const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: "scalar",
  vector: "instant vector",
  matrix: "range vector",
  string: "string",
};

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", ">", "<=", ">="]);
const SETS: ReadonlySet<string> = new Set(["and", "or", "unless"]);

/** Whether an operator compares. */
export function isComparison(op: BinaryOp): boolean {
  return COMPARISONS.has(op);
}

/** Whether an operator works on sets of series. */
export function isSetOp(op: BinaryOp): boolean {
  return SETS.has(op);
}

/** Throws at the place of an expression that has another type than wanted. */
function expectType(reader: TokenReader, expr: Expr, wanted: ValueType, context: string): void {
  if (expr.type === wanted) return;
  throw reader.failure(expr.span, `expected type ${TYPE_NAMES[wanted]} in ${context}, got ${TYPE_NAMES[expr.type]}`);
}

/** A sign before an expression. Throws for what is neither number nor vector. */
export function checkUnary(reader: TokenReader, op: "+" | "-", inner: Expr, span: Span): UnaryExpr {
  if (inner.type !== "scalar" && inner.type !== "vector")
    throw reader.failure(
      span,
      `unary expression only allowed on expressions of type scalar or instant vector, got "${TYPE_NAMES[inner.type]}"`,
    );
  return { kind: "unary", type: inner.type, op, inner, span };
}

/** What stands around and behind a binary operator. */
export interface BinaryParts {
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  readonly modifiers: Modifiers;
  readonly opStart: number;
  readonly span: Span;
}

/** An operator between two expressions. Throws for types that it does not take and modifiers that make no sense. */
export function checkBinary(reader: TokenReader, parts: BinaryParts): BinaryExpr {
  const { op, left, right, modifiers, span } = parts;
  const { bool, matching } = modifiers;
  // Prometheus points at the operator, not at the whole expression: in a long rule that is what helps.
  const place = { start: parts.opStart };
  if (bool && !isComparison(op)) throw reader.failure(place, "bool modifier can only be used on comparison operators");
  for (const side of [left, right])
    if (side.type !== "scalar" && side.type !== "vector")
      throw reader.failure(side.span, "binary expression must contain only scalar and instant vector types");
  // Only two vectors are matched; everything about matching is a mistake elsewhere.
  if (left.type === "vector" && right.type === "vector") {
    // A label that is matched by is the same on both sides: there is nothing to take over.
    const both = matching.labels.find((label) => matching.on && matching.include.includes(label));
    if (both !== undefined)
      throw reader.failure(place, `label "${both}" must not occur in ON and GROUP clause at once`);
    if (isSetOp(op)) {
      if (matching.cardinality !== "one-to-one")
        throw reader.failure(place, `no grouping allowed for "${op}" operation`);
      if (matching.fillLeft !== undefined || matching.fillRight !== undefined)
        throw reader.failure(place, "filling in missing series not allowed for set operators");
      return {
        kind: "binary",
        type: "vector",
        op,
        left,
        right,
        bool,
        matching: { ...matching, cardinality: "many-to-many" },
        span,
      };
    }
    return { kind: "binary", type: "vector", op, left, right, bool, matching, span };
  }
  if (isSetOp(op)) throw reader.failure(place, `set operator "${op}" not allowed in binary scalar expression`);
  if (modifiers.written) throw reader.failure(place, "vector matching only allowed between instant vectors");
  const type = left.type === "scalar" && right.type === "scalar" ? "scalar" : "vector";
  if (type === "scalar" && isComparison(op) && !bool)
    throw reader.failure(place, "comparisons between scalars must use BOOL modifier");
  return { kind: "binary", type, op, left, right, bool, span };
}

/** An aggregation with its arguments. Throws when these are not as its table says. */
export function checkAggregate(
  reader: TokenReader,
  parts: {
    readonly op: AggregateOp;
    readonly args: readonly Expr[];
    readonly grouping: { readonly without: boolean; readonly labels: readonly string[] } | undefined;
    readonly span: Span;
  },
): AggregateExpr {
  const { op, args, grouping, span } = parts;
  // The parameter comes first in the text: `topk(5, x)`.
  const paramType = AGGREGATIONS[op];
  const wanted = paramType === undefined ? 1 : 2;
  if (args.length === 0) throw reader.failure(span, "no arguments for aggregate expression provided");
  if (args.length !== wanted)
    throw reader.failure(
      span,
      `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
    );
  const [first, second] = args;
  const inner = second ?? first;
  const param = second === undefined ? undefined : first;
  if (inner === undefined) throw reader.failure(span, "no arguments for aggregate expression provided");
  expectType(reader, inner, "vector", "aggregation expression");
  if (param !== undefined && paramType !== undefined) expectType(reader, param, paramType, "aggregation parameter");
  return {
    kind: "aggregate",
    type: "vector",
    op,
    inner,
    ...(param === undefined ? {} : { param }),
    without: grouping?.without ?? false,
    grouping: grouping?.labels ?? [],
    span,
  };
}

/** A call of a known function. Throws when number or types of its arguments are not as its table says. */
export function checkCall(reader: TokenReader, called: PromqlFunction, args: readonly Expr[], span: Span): CallExpr {
  // With variadic arguments the last type of the table stands for all that follow.
  const { name, variadic = 0 } = called;
  const count = called.args.length;
  const got = `argument(s) in call to "${name}", got ${args.length}`;
  // The same four messages as in Prometheus, which users search for.
  if (variadic === 0) {
    if (args.length !== count) throw reader.failure(span, `expected ${count} ${got}`);
  } else {
    const least = count - 1;
    if (args.length < least) throw reader.failure(span, `expected at least ${least} ${got}`);
    if (variadic > 0 && args.length > least + variadic)
      throw reader.failure(span, `expected at most ${least + variadic} ${got}`);
  }
  for (const [index, arg] of args.entries()) {
    const wanted = called.args[Math.min(index, count - 1)];
    if (wanted !== undefined) expectType(reader, arg, wanted, `call to function "${name}"`);
  }
  return { kind: "call", type: called.result, name, args, span };
}

/** A subquery. Throws when it is not over a vector. */
export function checkSubquery(reader: TokenReader, inner: Expr, subquery: SubqueryExpr): SubqueryExpr {
  if (inner.type === "vector") return subquery;
  throw reader.failure(inner.span, `subquery is only allowed on instant vector, got ${TYPE_NAMES[inner.type]} instead`);
}
