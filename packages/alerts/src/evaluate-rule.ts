/** What one evaluation makes of a rule's alerts: a pure function of the alerts before, the result and the time. */
import { type Labels, labelsKey, labelsOf, METRIC_NAME, type VectorSample } from "@rondo/promql";
import type { Alert } from "./alert.ts";
import { type AlertEvent, type AlertPhase, type AlertState, NEXT_PHASE, STATE_OF } from "./alert-phase.ts";
import type { AlertRule, RuleText } from "./rule-group.ts";
import { expandTemplate, type TemplateData } from "./template/expand-template.ts";

/** How long a resolved alert is told again, milliseconds (Prometheus: resolvedRetention). */
export const RESOLVED_RETENTION_MS = 15 * 60_000;

/** Elements that a result may have to become alerts; a rule with more is wrong, and every one would be written and told. */
export const MAX_ALERTS = 10_000;

/** A rule's alerts by `labelsKey` of their labels. */
export type Alerts = ReadonlyMap<string, Alert>;

/** One change of an alert's state. */
export interface Transition {
  /** The evaluation's time, milliseconds since the epoch. */
  readonly at: number;
  readonly labels: Labels;
  readonly from: AlertState;
  readonly to: AlertState;
  readonly value: number;
}

/** What surrounds an evaluation. */
export interface RuleSurroundings {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The most alerts that may be pending or firing; 0 is no limit. */
  readonly limit: number;
  readonly externalLabels: ReadonlyMap<string, string>;
  readonly externalUrl: string;
}

/** The rule's alerts after the evaluation. With an error they are those of before, or none when the limit is exceeded. */
export interface RuleOutcome {
  readonly alerts: Alerts;
  readonly transitions: readonly Transition[];
  readonly error?: string;
  /** Templates that failed; their text says so too. */
  readonly templateErrors: readonly string[];
}

/** Evaluates a rule on the result of its expression. */
export function evaluateRule(
  rule: AlertRule,
  before: Alerts,
  result: readonly VectorSample[],
  around: RuleSurroundings,
): RuleOutcome {
  const templateErrors: string[] = [];
  if (result.length > MAX_ALERTS) {
    const error = `a result of ${result.length} elements is over the limit of ${MAX_ALERTS}`;
    return { alerts: before, transitions: [], error, templateErrors };
  }
  const found = new Map<string, Found>();
  for (const sample of result) {
    const one = foundOf(rule, sample, around, templateErrors);
    const key = labelsKey(one.labels);
    if (found.has(key)) {
      const error = "vector contains metrics with the same labelset after applying alert labels";
      return { alerts: before, transitions: [], error, templateErrors };
    }
    found.set(key, one);
  }
  const alerts = new Map<string, Alert>();
  const transitions: Transition[] = [];
  for (const key of new Set([...before.keys(), ...found.keys()])) {
    const was = before.get(key);
    const now = next(rule, was, found.get(key), around.at);
    if (now !== undefined) alerts.set(key, now);
    const from = STATE_OF[was?.phase ?? "inactive"];
    const to = STATE_OF[now?.phase ?? "inactive"];
    const { labels, value } = now ?? was ?? NOBODY;
    if (from !== to) transitions.push({ at: around.at, labels, from, to, value });
  }
  const active = [...alerts.values()].filter(({ phase }) => STATE_OF[phase] !== "inactive").length;
  if (around.limit === 0 || active <= around.limit) return { alerts, transitions, templateErrors };
  // All of the rule's alerts are forgotten, and nobody is told that they are over (rules/alerting.go).
  const error = `exceeded limit of ${around.limit} with ${active} alerts`;
  return { alerts: new Map(), transitions: cleared(before, around.at), error, templateErrors };
}

/** Stands where the key of one of two maps is in neither: nowhere. */
const NOBODY = { labels: [], value: Number.NaN } as const;

function cleared(before: Alerts, at: number): readonly Transition[] {
  return [...before.values()].flatMap(({ phase, labels, value }) =>
    STATE_OF[phase] === "inactive" ? [] : [{ at, labels, from: STATE_OF[phase], to: "inactive" as const, value }],
  );
}

interface Found {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly value: number;
}

/** An element of the result as an alert: templates see the element's labels alone, the rule's labels win over those, and alertname over all. */
function foundOf(rule: AlertRule, { labels, value }: VectorSample, around: RuleSurroundings, errors: string[]): Found {
  const { at, externalLabels, externalUrl } = around;
  const data: TemplateData = { labels: new Map(labels), value, externalLabels, externalUrl, at };
  const expand = (texts: readonly RuleText[]) =>
    texts.map(({ name, template }): readonly [string, string] => {
      const expansion = expandTemplate(template, data);
      if ("text" in expansion) return [name, expansion.text];
      errors.push(`${name}: ${expansion.error}`);
      return [name, `<error expanding template: ${expansion.error}>`];
    });
  const own = labels.filter(([name]) => name !== METRIC_NAME);
  return {
    labels: labelsOf([...own, ...expand(rule.labels), ["alertname", rule.name]]),
    annotations: labelsOf(expand(rule.annotations)),
    value,
  };
}

/** The alert after the evaluation; undefined when it is inactive. */
function next(rule: AlertRule, was: Alert | undefined, found: Found | undefined, at: number): Alert | undefined {
  const phase: AlertPhase = was?.phase ?? "inactive";
  // What comes again after it was resolved is another alert.
  const goesOn = phase !== "inactive" && phase !== "resolved" ? was : undefined;
  // After a clock that was ahead nothing has begun later than now, and what fired by it fires on.
  const activeAt = Math.min(goesOn?.activeAt ?? at, at);
  const held = at - activeAt >= rule.forMs || (goesOn?.firedAt ?? at) > at;
  const event = found === undefined ? absence(rule, was, at) : held ? "held" : "seen";
  const to = NEXT_PHASE[phase][event];
  if (to === "inactive") return undefined;
  if (found !== undefined) return present(to, found, goesOn, activeAt, at);
  if (was === undefined) return undefined;
  if (to === "keeping") return { ...was, phase: to, keepFiringSince: was.keepFiringSince ?? at };
  if (was.resolvedAt !== undefined) return was;
  // Its end is news, whenever it was told last.
  const { lastSentAt: _, ...over } = was;
  return { ...over, phase: to, resolvedAt: at };
}

/** A result refreshes value and annotations, and what held the alert up without one is forgotten. */
function present(
  phase: Exclude<AlertPhase, "inactive">,
  { labels, annotations, value }: Found,
  goesOn: Alert | undefined,
  activeAt: number,
  at: number,
): Alert {
  const alert = { phase, labels, annotations, value, activeAt };
  if (phase === "pending") return alert;
  const { lastSentAt } = goesOn ?? {};
  return { ...alert, firedAt: goesOn?.firedAt ?? at, ...(lastSentAt !== undefined && { lastSentAt }) };
}

function absence(rule: AlertRule, was: Alert | undefined, at: number): AlertEvent {
  if (was?.phase === "resolved") {
    return at - (was.resolvedAt ?? at) > RESOLVED_RETENTION_MS ? "expired" : "gone";
  }
  return at - (was?.keepFiringSince ?? at) < rule.keepFiringForMs ? "kept" : "gone";
}
