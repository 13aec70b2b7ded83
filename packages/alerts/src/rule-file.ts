/** Reads Prometheus rule files strictly: every problem of a file at once, each with its line. */
import { docsAsGroup, type Finding, Findings, rawValue, readYaml, TreePlace } from "@rondo/config";
import { type Field, field, integer, map, nameOf, optional, readFields, text, type ValuesOf } from "@rondo/core";
import { type Expr, formatExpr, PromqlError, parseExpr, type SelectorUse, selectorsOf } from "@rondo/promql";
import { lintRule, metricNames } from "./lint-rule.ts";
import { parsePrometheusDuration } from "./prometheus-duration.ts";
import type { AlertRule, RuleGroup, RuleText } from "./rule-group.ts";
import { TemplateError } from "./template/lex.ts";
import { parseTemplate } from "./template/parse-template.ts";

/** What a rule file holds. With a problem it must not be used; warnings are what probably is not meant. */
export interface RuleFile {
  readonly groups: readonly RuleGroup[];
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** A duration with Prometheus's units, which have days, weeks and years, and no fractions. Parses to milliseconds. */
function prometheusDuration(doc: string, fallback = "0s"): Field<number> {
  return field(
    "duration",
    doc,
    (raw, place) => {
      const ms = raw === 0 ? 0 : typeof raw === "string" ? parsePrometheusDuration(raw) : undefined;
      if (ms === undefined) place.problem("must be a duration such as 30s, 5m, 1h30m or 2d");
      return ms;
    },
    { value: parsePrometheusDuration(fallback) ?? 0, text: fallback },
  );
}

/** A list whose elements are read one by one, each at its own place. */
function listOf(doc: string): Field<readonly unknown[]> {
  return field("list", doc, (raw, place) => {
    if (Array.isArray(raw)) return raw;
    place.problem(`must be a list, but is ${nameOf(raw)}`);
    return undefined;
  });
}

const texts = (doc: string) => map(doc, text("Text, or a template of it.", ""), new Map());

const fileFields = {
  groups: optional(listOf("Groups of rules.")),
};

const groupFields = {
  name: text("The group's name, one of its kind in the file."),
  interval: prometheusDuration("How often the group is evaluated; 0 is the default of the configuration."),
  query_offset: prometheusDuration("How far behind its time an evaluation asks its queries."),
  limit: integer("The most alerts of one rule; 0 is no limit.", 0),
  labels: texts("Labels of every rule that has no such label itself."),
  rules: optional(listOf("The rules, evaluated in this order.")),
};

const ruleFields = {
  alert: optional(text("The alert's name.")),
  record: optional(text("The name of the series that a recording rule makes.")),
  expr: text("The PromQL expression; every element of its result is an alert."),
  for: prometheusDuration("How long an alert is pending before it fires."),
  keep_firing_for: prometheusDuration("How long it goes on firing without a result."),
  labels: texts("Labels of the alerts."),
  annotations: texts("Texts that go with the alerts."),
};

/** Reads one file; `file` is its name in findings and in the API. */
export function readRuleFile(file: string, source: string): RuleFile {
  const findings = new Findings();
  const reader = new Reader(file, source, findings);
  const tree = readYaml(file, source, (message, mark) => findings.problem("", message, mark), { paths: false });
  const groups = tree === undefined ? [] : reader.groups(new TreePlace(tree, findings, [], { file, line: 1 }));
  return { groups, problems: findings.problems, warnings: findings.warnings };
}

/** Every selector of the rules of the groups, with its reach from a group's evaluation time: what the windows must keep. */
export function selectorsOfGroups(
  groups: readonly RuleGroup[],
  options: { readonly lookbackMs?: number } = {},
): readonly SelectorUse[] {
  return groups.flatMap(({ rules, queryOffsetMs }) =>
    rules.flatMap(({ expr }) =>
      selectorsOf(expr, options).map((use) => ({ ...use, reachMs: use.reachMs + queryOffsetMs })),
    ),
  );
}

/** What Prometheus makes of alerts for itself, and this build does not write back. */
const UNWRITTEN = ["ALERTS", "ALERTS_FOR_STATE"];

type RuleValues = ValuesOf<typeof ruleFields>;

class Reader {
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #findings: Findings;

  constructor(file: string, source: string, findings: Findings) {
    this.#file = file;
    this.#lines = source.split(/\r?\n/);
    this.#findings = findings;
  }

  groups(root: TreePlace): readonly RuleGroup[] {
    const values = readFields(fileFields, rawValue(root.node, docsAsGroup(fileFields)), root);
    const groups: RuleGroup[] = [];
    for (const index of (values?.groups ?? []).keys()) {
      const place = root.down("groups", index);
      const group = this.#group(place);
      if (group === undefined) continue;
      if (groups.some(({ name }) => name === group.name)) {
        place.at("name").problem(`the group ${group.name} stands twice in this file; give one another name`);
      }
      groups.push(group);
    }
    return groups;
  }

  #group(place: TreePlace): RuleGroup | undefined {
    const values = readFields(groupFields, rawValue(place.node, docsAsGroup(groupFields)), place);
    if (values === undefined) return undefined;
    const { name, interval, query_offset: queryOffsetMs, limit, labels } = values;
    if (name === "") place.at("name").problem("must not be empty");
    const group = {
      file: this.#file,
      name,
      intervalMs: interval === 0 ? undefined : interval,
      queryOffsetMs,
      limit,
    };
    const rules: AlertRule[] = [];
    for (const index of (values.rules ?? []).keys()) {
      const at = place.down("rules", index);
      const rule = this.#rule(at, labels);
      if (rule === undefined) continue;
      if (rules.some((other) => isSame(other, rule))) {
        at.problem(`the alert ${rule.name} stands twice in this group, with equal labels and expression`);
      }
      rules.push(rule);
    }
    return { ...group, rules };
  }

  #rule(place: TreePlace, groupLabels: ReadonlyMap<string, string>): AlertRule | undefined {
    const values = readFields(ruleFields, rawValue(place.node, docsAsGroup(ruleFields)), place);
    if (values === undefined) return undefined;
    if (values.record !== null) {
      place.at("record").problem(`recording rules are not built yet, and ${values.record} is one`);
      return undefined;
    }
    if (values.alert === null || values.alert === "") {
      place.problem("needs alert, the alert's name");
      return undefined;
    }
    const expr = this.#expr(place.at("expr"), values.expr);
    const labels = this.#texts(place.at("labels"), new Map([...groupLabels, ...values.labels]));
    const annotations = this.#texts(place.at("annotations"), values.annotations);
    if (expr === undefined || labels === undefined || annotations === undefined) return undefined;
    for (const { key, name, message } of lintRule({ expr, labels, annotations })) {
      (name === undefined ? place.at(key) : place.down(key, name)).warn(message);
    }
    return { ...this.#plain(values.alert, values, place), expr, query: formatExpr(expr), labels, annotations };
  }

  #plain(name: string, values: RuleValues, place: TreePlace) {
    return { name, forMs: values.for, keepFiringForMs: values.keep_firing_for, line: place.node?.mark.line ?? 1 };
  }

  #expr(place: TreePlace, source: string): Expr | undefined {
    try {
      const expr = parseExpr(source);
      if (expr.type !== "vector" && expr.type !== "scalar") {
        place.problem(`the expression of an alert must be a vector or a number, but is a ${expr.type}`);
        return undefined;
      }
      const unwritten = metricNames(expr).find((name) => UNWRITTEN.includes(name));
      if (unwritten === undefined) return expr;
      place.problem(`${unwritten} is not built yet: alerts are not written back as series`);
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof PromqlError)) throw thrown;
      const line = this.#lineWithin(place.node?.mark.line ?? 1, thrown.position?.line ?? 1);
      this.#findings.problem(place.path, thrown.atPosition, { file: this.#file, line });
      return undefined;
    }
  }

  /** The file's line of a line of a value: known for a block after `|`; other values of several lines are named by their key's. */
  #lineWithin(keyLine: number, line: number): number {
    const isBlock = /:\s+\|[-+\d]*\s*(?:#.*)?$/.test(this.#lines[keyLine - 1] ?? "");
    return isBlock ? keyLine + line : keyLine;
  }

  #texts(place: TreePlace, entries: ReadonlyMap<string, string>): readonly RuleText[] | undefined {
    const parsed: RuleText[] = [];
    let whole = true;
    const fail = (name: string, message: string) => {
      whole = false;
      place.at(name).problem(message);
    };
    for (const [name, source] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (name === "" || name === "__name__") fail(name, "is no name that a label may have");
      try {
        parsed.push({ name, text: source, template: parseTemplate(source) });
      } catch (thrown) {
        if (!(thrown instanceof TemplateError)) throw thrown;
        fail(name, `the template cannot be parsed: ${thrown.message}`);
      }
    }
    return whole ? parsed : undefined;
  }
}

/** Whether two rules would make alerts that nothing tells apart. */
function isSame(a: AlertRule, b: AlertRule): boolean {
  return a.name === b.name && a.query === b.query && identityOf(a) === identityOf(b);
}

/** A rule's name and labels as configured: what its state is found by when the file has changed. */
export function identityOf({ name, labels }: Pick<AlertRule, "name" | "labels">): string {
  return JSON.stringify([name, ...labels.map((one) => [one.name, one.text])]);
}
