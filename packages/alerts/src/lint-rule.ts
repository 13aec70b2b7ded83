/** What loads and runs, and is probably not meant: labels that no result has, and metrics that nobody sends. */
import { type Expr, METRIC_NAME, selectorsOf } from "@rondo/promql";
import { mayHave, resultLabels } from "./result-labels.ts";
import type { RuleText } from "./rule-group.ts";

/** A rule as far as it is looked at. */
export interface LintedRule {
  readonly expr: Expr;
  readonly labels: readonly RuleText[];
  readonly annotations: readonly RuleText[];
}

/** What is odd, each with the key of the rule that it is about. */
export interface Oddity {
  readonly key: "expr" | "labels" | "annotations";
  /** The label or annotation. */
  readonly name?: string;
  readonly message: string;
}

/** Everything that is odd in a rule. */
export function lintRule({ expr, labels, annotations }: LintedRule): readonly Oddity[] {
  const names = metricNames(expr);
  const found: Oddity[] = [];
  if (names.includes("up")) {
    found.push({
      key: "expr",
      message:
        "up is a metric of scrapes: clients that send OTLP by themselves never have it, and the alert never comes",
    });
  }
  const own = new Set(["alertname", ...labels.map(({ name }) => name)]);
  const possible = resultLabels(expr);
  for (const [key, texts] of [
    ["labels", labels],
    ["annotations", annotations],
  ] as const) {
    for (const { name, template } of texts) {
      for (const label of template.labelsRead) {
        const message = emptyLabel(label, { own, names, possible: mayHave(possible, label) });
        if (message !== undefined) found.push({ key, name, message });
      }
    }
  }
  return found;
}

function emptyLabel(
  label: string,
  { own, names, possible }: { own: ReadonlySet<string>; names: readonly string[]; possible: boolean },
): string | undefined {
  if (!possible) return `$labels.${label} is always empty: the result of the expression has no such label`;
  if (own.has(label)) {
    return `$labels.${label} is empty unless the metric has it: a template sees the result's labels, not those of the rule`;
  }
  // The value of another metric of the expression is a common wish, and no label.
  const metric = names.find((name) => name === label || name.endsWith(`_${label}`));
  if (metric === undefined) return undefined;
  return `$labels.${label} is probably empty: labels hold no values of other metrics, such as ${metric}`;
}

/** The names that the expression's selectors ask for by `=`. */
export function metricNames(expr: Expr): readonly string[] {
  return selectorsOf(expr).flatMap(({ matchers }) =>
    matchers.filter(({ name, op }) => name === METRIC_NAME && op === "=").map(({ value }) => value),
  );
}
