/** Which labels the result of an expression can have, so that a template that asks for another one is told at load. */
import { type BinaryExpr, type Expr, METRIC_NAME } from "@rondo/promql";

/** `only`: no label but these. `except`: any label but these. */
export type ResultLabels =
  | { readonly kind: "only"; readonly names: ReadonlySet<string> }
  | { readonly kind: "except"; readonly names: ReadonlySet<string> };

/** Whether a result can have a label of that name. */
export function mayHave({ kind, names }: ResultLabels, name: string): boolean {
  return names.has(name) === (kind === "only");
}

const ANY: ResultLabels = { kind: "except", names: new Set() };
const NONE: ResultLabels = { kind: "only", names: new Set() };

/** The labels of an expression's result. Where it cannot be told, any label is possible. */
export function resultLabels(expr: Expr): ResultLabels {
  switch (expr.kind) {
    case "number":
    case "string":
      return NONE;
    case "paren":
    case "unary":
    case "subquery":
      return resultLabels(expr.inner);
    case "range":
      return resultLabels(expr.selector);
    case "selector":
      return except(expr.matchers.filter(({ op, value }) => op === "=" && value === "").map(({ name }) => name));
    case "binary":
      return ofBinary(expr);
    case "call":
      return ofCall(expr.name, expr.args);
    case "aggregate": {
      if (["topk", "bottomk", "limitk", "limit_ratio"].includes(expr.op)) return resultLabels(expr.inner);
      const inner = resultLabels(expr.inner);
      const left = expr.without ? without(inner, [...expr.grouping, METRIC_NAME]) : among(inner, expr.grouping);
      // The label that count_values makes is the text that is its parameter.
      return expr.op === "count_values" && expr.param?.kind === "string" ? withNames(left, [expr.param.value]) : left;
    }
  }
}

function ofBinary({ op, left, right, matching }: BinaryExpr): ResultLabels {
  if (matching === undefined) return left.type === "vector" ? resultLabels(left) : resultLabels(right);
  if (op === "or") return either(resultLabels(left), resultLabels(right));
  if (op === "and" || op === "unless") return resultLabels(left);
  const many = matching.cardinality === "one-to-many" ? right : left;
  if (matching.cardinality !== "one-to-one") return withNames(resultLabels(many), matching.include);
  const { on, labels } = matching;
  return on ? among(resultLabels(left), labels) : without(resultLabels(left), labels);
}

function ofCall(name: string, args: readonly Expr[]): ResultLabels {
  const [first] = args;
  if (["scalar", "time", "pi", "vector"].includes(name) || first === undefined) return NONE;
  if (name === "absent" || name === "absent_over_time") return ofAbsent(first);
  if (name === "info") return ANY;
  if (name === "label_replace" || name === "label_join") {
    const target = args[1];
    return target?.kind === "string" ? withNames(resultLabels(first), [target.value]) : ANY;
  }
  // Of a function that takes a number first, such as histogram_quantile, the labels are those of its vector.
  const source = args.find(({ type }) => type === "vector" || type === "matrix");
  const labels = source === undefined ? NONE : resultLabels(source);
  return name === "histogram_quantile" || name === "histogram_fraction" ? without(labels, ["le"]) : labels;
}

/** What is absent has the labels that its selector asks for by `=`. */
function ofAbsent(expr: Expr): ResultLabels {
  if (expr.kind === "paren") return ofAbsent(expr.inner);
  const selector = expr.kind === "range" ? expr.selector : expr;
  if (selector.kind !== "selector") return NONE;
  const asked = selector.matchers.filter(({ op, value, name }) => op === "=" && value !== "" && name !== METRIC_NAME);
  return { kind: "only", names: new Set(asked.map(({ name }) => name)) };
}

function except(names: readonly string[]): ResultLabels {
  return { kind: "except", names: new Set(names) };
}

/** Those of `names` that are possible. */
function among(labels: ResultLabels, names: readonly string[]): ResultLabels {
  return { kind: "only", names: new Set(names.filter((name) => mayHave(labels, name))) };
}

function without({ kind, names }: ResultLabels, gone: readonly string[]): ResultLabels {
  if (kind === "except") return except([...names, ...gone]);
  return { kind, names: new Set([...names].filter((name) => !gone.includes(name))) };
}

function withNames({ kind, names }: ResultLabels, more: readonly string[]): ResultLabels {
  if (kind === "only") return { kind, names: new Set([...names, ...more]) };
  return except([...names].filter((name) => !more.includes(name)));
}

function either(a: ResultLabels, b: ResultLabels): ResultLabels {
  if (a.kind === "only") return withNames(b, [...a.names]);
  return b.kind === "only" ? withNames(a, [...b.names]) : except([...a.names].filter((name) => b.names.has(name)));
}
