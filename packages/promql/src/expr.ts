/** The typed tree of an expression. Every node knows its type and where in the text it stands; trees are never changed. */
import type { TextPosition } from "./promql-error.ts";
import type { Matcher } from "./queryable.ts";

/** The four types of values: `vector` is one value a series, `matrix` a range of samples a series. */
export type ValueType = "scalar" | "vector" | "matrix" | "string";

/** Offsets into the expression's text, from `start` up to, without, `end`; and where a person finds the start. */
export interface Span extends TextPosition {
  readonly start: number;
  readonly end: number;
}

interface Node {
  readonly span: Span;
}

/** A number, or a duration as its seconds (`5m` is 300). */
export interface NumberExpr extends Node {
  readonly kind: "number";
  readonly type: "scalar";
  readonly value: number;
  /** Written as a duration, so that it is formatted as one. */
  readonly duration: boolean;
}

/** A string, unquoted. */
export interface StringExpr extends Node {
  readonly kind: "string";
  readonly type: "string";
  readonly value: string;
}

/** An expression in parentheses. */
export interface ParenExpr extends Node {
  readonly kind: "paren";
  readonly type: ValueType;
  readonly inner: Expr;
}

/** `+x` or `-x`. */
export interface UnaryExpr extends Node {
  readonly kind: "unary";
  readonly type: ValueType;
  readonly op: "+" | "-";
  readonly inner: Expr;
}

/** The binary operators. */
export type ArithmeticOp = "+" | "-" | "*" | "/" | "%" | "^" | "atan2" | "</" | ">/";
/** Operators that compare: they filter, or with `bool` yield 0 and 1. */
export type ComparisonOp = "==" | "!=" | "<" | ">" | "<=" | ">=";
/** Operators on sets of series. */
export type SetOp = "and" | "or" | "unless";
/** Any operator between two expressions. */
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp;

/** Which series of both sides belong together. */
export interface Matching {
  readonly cardinality: "one-to-one" | "many-to-one" | "one-to-many" | "many-to-many";
  /** `on(labels)`, else `ignoring(labels)`. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels of the "one" side that the result takes over. */
  readonly include: readonly string[];
  /** Values for series without a partner on that side. */
  readonly fillLeft?: number;
  readonly fillRight?: number;
}

/** An operator between two expressions. */
export interface BinaryExpr extends Node {
  readonly kind: "binary";
  readonly type: "scalar" | "vector";
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  readonly bool: boolean;
  /** Present when both sides are vectors. */
  readonly matching?: Matching;
}

/** The aggregations. */
export type AggregateOp =
  | "sum"
  | "avg"
  | "min"
  | "max"
  | "group"
  | "count"
  | "count_values"
  | "bottomk"
  | "topk"
  | "quantile"
  | "stddev"
  | "stdvar"
  | "limitk"
  | "limit_ratio";

/** An aggregation over the series of a vector. */
export interface AggregateExpr extends Node {
  readonly kind: "aggregate";
  readonly type: "vector";
  readonly op: AggregateOp;
  readonly inner: Expr;
  /** The first argument of those that have two. */
  readonly param?: Expr;
  /** `without(grouping)`, else `by(grouping)`. */
  readonly without: boolean;
  readonly grouping: readonly string[];
}

/** A call of a function of the table in functions/. */
export interface CallExpr extends Node {
  readonly kind: "call";
  readonly type: ValueType;
  readonly name: string;
  readonly args: readonly Expr[];
}

/** A duration: a length in milliseconds, or an expression over durations that only a query's step and range decide. */
export type Duration =
  | { readonly kind: "ms"; readonly ms: number }
  | { readonly kind: "step" | "range" }
  | { readonly kind: "paren"; readonly inner: Duration }
  | { readonly kind: "unary"; readonly op: "+" | "-"; readonly inner: Duration }
  | {
      readonly kind: "binary";
      readonly op: "+" | "-" | "*" | "/" | "%" | "^" | "min_of" | "max_of";
      readonly left: Duration;
      readonly right: Duration;
    };

/** What `@` fixes the time to: milliseconds since the epoch, or an end of the query's range. */
export type AtModifier = { readonly kind: "ms"; readonly ms: number } | { readonly kind: "start" | "end" };

/** A selector of series by name and matchers. */
export interface VectorSelector extends Node {
  readonly kind: "selector";
  readonly type: "vector";
  /** The name as written before the braces, or its `=` matcher on `__name__`; empty when there is none. */
  readonly name: string;
  /** Every matcher, that of the name included. */
  readonly matchers: readonly Matcher[];
  readonly offset?: Duration;
  readonly at?: AtModifier;
  /** How the samples at a range's ends are taken (experimental in Prometheus). */
  readonly extended?: "anchored" | "smoothed";
}

/** A range of samples of a selector: `selector[5m]`. */
export interface MatrixSelector extends Node {
  readonly kind: "range";
  readonly type: "matrix";
  readonly selector: VectorSelector;
  readonly range: Duration;
}

/** An expression evaluated at steps within a range: `expr[1h:1m]`. */
export interface SubqueryExpr extends Node {
  readonly kind: "subquery";
  readonly type: "matrix";
  readonly inner: Expr;
  readonly range: Duration;
  /** Absent: the default step of the query. */
  readonly step?: Duration;
  readonly offset?: Duration;
  readonly at?: AtModifier;
}

/** Any node of the tree. */
export type Expr =
  | NumberExpr
  | StringExpr
  | ParenExpr
  | UnaryExpr
  | BinaryExpr
  | AggregateExpr
  | CallExpr
  | VectorSelector
  | MatrixSelector
  | SubqueryExpr;
