/** Writes an expression as Prometheus does: one line, spaces and quotes in one way, so that equal expressions look equal. */
import { formatDuration } from "./duration-text.ts";
import type { AtModifier, BinaryExpr, Duration, Expr, VectorSelector } from "./expr.ts";
import { quote } from "./go-string.ts";
import { LABEL_NAME, METRIC_NAME_PATTERN } from "./keywords.ts";
import { METRIC_NAME } from "./labels.ts";

/** The expression as text that parses to the same tree. */
export function formatExpr(expr: Expr): string {
  switch (expr.kind) {
    case "number":
      return expr.duration ? formatDuration(expr.value * 1000) : formatNumber(expr.value);
    case "string":
      return quote(expr.value);
    case "paren":
      return `(${formatExpr(expr.inner)})`;
    case "unary":
      return `${expr.op}${formatExpr(expr.inner)}`;
    case "binary":
      return formatBinary(expr);
    case "aggregate": {
      const grouping = expr.without || expr.grouping.length > 0;
      const clause = grouping ? ` ${expr.without ? "without" : "by"} (${labelList(expr.grouping)}) ` : "";
      const param = expr.param === undefined ? "" : `${formatExpr(expr.param)}, `;
      return `${expr.op}${clause}(${param}${formatExpr(expr.inner)})`;
    }
    case "call":
      return `${expr.name}(${expr.args.map(formatExpr).join(", ")})`;
    case "selector":
      return formatSelector(expr, "");
    case "range":
      return formatSelector(expr.selector, `[${formatDurationExpr(expr.range)}]`);
    case "subquery": {
      const step = expr.step === undefined ? "" : formatDurationExpr(expr.step);
      const range = `[${formatDurationExpr(expr.range)}:${step}]`;
      return `${formatExpr(expr.inner)}${range}${formatAt(expr.at)}${formatOffset(expr.offset)}`;
    }
  }
}

/** An operator with its modifiers in the one order in which they are parsed. */
function formatBinary(expr: BinaryExpr): string {
  const { matching } = expr;
  let clause = expr.bool ? " bool" : "";
  if (matching !== undefined) {
    const { cardinality, include } = matching;
    // `ignoring ()` says nothing and is left out, unless a group clause must follow something.
    const grouped = cardinality === "many-to-one" || cardinality === "one-to-many";
    if (matching.on || matching.labels.length > 0 || grouped)
      clause += ` ${matching.on ? "on" : "ignoring"} (${labelList(matching.labels)})`;
    if (grouped) clause += ` group_${cardinality === "many-to-one" ? "left" : "right"} (${labelList(include)})`;
    // One fill for both sides is written as such; `Object.is`, because NaN is a value to fill with.
    const { fillLeft, fillRight } = matching;
    if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) clause += ` fill (${formatNumber(fillLeft)})`;
    else {
      if (fillLeft !== undefined) clause += ` fill_left (${formatNumber(fillLeft)})`;
      if (fillRight !== undefined) clause += ` fill_right (${formatNumber(fillRight)})`;
    }
  }
  return `${formatExpr(expr.left)} ${expr.op}${clause} ${formatExpr(expr.right)}`;
}

/** Names of labels in a clause. */
function labelList(labels: readonly string[]): string {
  return labels.map(labelName).join(", ");
}

/** A label's name, quoted where the grammar needs it. */
function labelName(name: string): string {
  return LABEL_NAME.test(name) ? name : quote(name);
}

/**
 * A selector: the name in front where it needs no quotes, else as the first thing in braces. Of several matchers on the name
 * only the one that made it the selector's name is written so.
 */
function formatSelector(selector: VectorSelector, range: string): string {
  const bare = METRIC_NAME_PATTERN.test(selector.name);
  let named = false;
  const matchers = selector.matchers.flatMap(({ name, op, value }) => {
    if (name === METRIC_NAME && op === "=" && value === selector.name && !named) {
      named = true;
      return bare ? [] : [quote(value)];
    }
    return [`${labelName(name)}${op}${quote(value)}`];
  });
  const braces = matchers.length > 0 || !bare ? `{${matchers.join(",")}}` : "";
  const extended = selector.extended === undefined ? "" : ` ${selector.extended}`;
  const modifiers = `${extended}${formatAt(selector.at)}${formatOffset(selector.offset)}`;
  return `${bare ? selector.name : ""}${braces}${range}${modifiers}`;
}

/** Seconds with three digits, as precise as times are. */
function formatAt(at: AtModifier | undefined): string {
  if (at === undefined) return "";
  return at.kind === "ms" ? ` @ ${(at.ms / 1000).toFixed(3)}` : ` @ ${at.kind}()`;
}

/** An offset behind everything else, as Prometheus orders the modifiers. */
function formatOffset(offset: Duration | undefined): string {
  return offset === undefined ? "" : ` offset ${formatDurationExpr(offset)}`;
}

/** A duration as it was written but for its units, which are made the largest ones. */
function formatDurationExpr(duration: Duration): string {
  switch (duration.kind) {
    case "ms":
      return formatDuration(duration.ms);
    case "step":
    case "range":
      return `${duration.kind}()`;
    case "paren":
      return `(${formatDurationExpr(duration.inner)})`;
    case "unary":
      return `${duration.op}${formatDurationExpr(duration.inner)}`;
    case "binary": {
      const left = formatDurationExpr(duration.left);
      const right = formatDurationExpr(duration.right);
      if (duration.op === "min_of" || duration.op === "max_of") return `${duration.op}(${left}, ${right})`;
      return `${left} ${duration.op} ${right}`;
    }
  }
}

/** A number as Prometheus writes it: decimal without an exponent, `NaN`, `+Inf`, `-Inf`. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const text = String(value);
  // JavaScript goes over to exponents at 1e21 and below 1e-6, where Prometheus does not: the digits are the same, only
  // their place is moved.
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", first = "", rest = "", exponent = "0"] = parts;
  const shift = Number(exponent);
  const digits = first + rest;
  return shift < 0
    ? `${sign}0.${"0".repeat(-shift - 1)}${digits}`
    : `${sign}${digits}${"0".repeat(Math.max(0, shift - rest.length))}`;
}
