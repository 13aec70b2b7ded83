/** Prometheus's HTTP API of rules and alerts (v1), served by every replica: of groups that another evaluates, as that one wrote them. */
import type { StateStore } from "@rondo/broker";
import { Fault } from "@rondo/core";
import type { Page, PageMaker } from "@rondo/monitor";
import type { Alert } from "./alert.ts";
import { STATE_OF } from "./alert-phase.ts";
import { readGroup, type StoredGroup } from "./group-claim.ts";
import { decodeState, emptyState, type GroupState, type RuleState } from "./group-state.ts";
import type { AlertRule, RuleGroup, RuleText } from "./rule-group.ts";
import { formatValue } from "./template/functions.ts";

/** A group as the API sees it. */
export interface ServedGroup {
  readonly tenant: string;
  readonly group: RuleGroup;
  readonly intervalMs: number;
  /** Under what its state stands. */
  readonly prefix: string;
  /** Its state while this process evaluates it. */
  own(): GroupState | undefined;
}

/** The pages by path. */
export function rulePages(groups: readonly ServedGroup[], store: StateStore): ReadonlyMap<string, PageMaker> {
  const served = (make: (groups: readonly Known[], query: URLSearchParams) => unknown): PageMaker => {
    return async (_accept, query) => {
      try {
        const known = await Promise.all(groups.map((one) => know(one, store)));
        return json(200, { status: "success", data: make(known, query) });
      } catch (thrown) {
        const error = Fault.from(thrown);
        const errorType = error.code === "unavailable" ? "unavailable" : "internal";
        return json(errorType === "unavailable" ? 503 : 500, { status: "error", errorType, error: error.message });
      }
    };
  };
  return new Map([
    ["/api/v1/rules", served((known, query) => ({ groups: ruleGroups(known, query) }))],
    [
      "/api/v1/alerts",
      served((known) => ({ alerts: known.flatMap(({ state }) => state.rules.flatMap(activeAlerts)) })),
    ],
  ]);
}

function json(status: number, body: unknown): Page {
  return { status, contentType: "application/json", body: JSON.stringify(body) };
}

interface Known {
  readonly served: ServedGroup;
  readonly state: GroupState;
  /** The replica that evaluates it, or did last; absent when nobody has. */
  readonly owner: string | undefined;
}

async function know(served: ServedGroup, store: StateStore): Promise<Known> {
  const { group, prefix } = served;
  const stored = await readGroup(store, prefix);
  const state = served.own() ?? leftBehind(stored, group.rules);
  return { served, state, owner: stored.claimant?.replace(/#[^#]*$/, "") };
}

/** What cannot be read is told as what was never evaluated, and by whoever takes the group over as an error. */
function leftBehind({ state }: StoredGroup, rules: readonly AlertRule[]): GroupState {
  if (state === undefined) return emptyState(rules);
  try {
    return decodeState(state.key, state.value, rules);
  } catch {
    return emptyState(rules);
  }
}

/** The groups that the query asks for (`type`, `rule_name[]`, `rule_group[]`, `file[]`, and our `tenant`); one that all its rules are filtered out of is left out. */
function ruleGroups(known: readonly Known[], query: URLSearchParams): readonly unknown[] {
  const wants = (name: string, value: string) => {
    const asked = query.getAll(name);
    return asked.length === 0 || asked.includes(value);
  };
  if (!wants("type", "alert")) return [];
  const withAlerts = query.get("exclude_alerts") !== "true";
  return known
    .filter(({ served: { group, tenant } }) => {
      return wants("rule_group[]", group.name) && wants("file[]", group.file) && wants("tenant", tenant);
    })
    .map(({ served: { group, tenant, intervalMs }, state, owner }) => ({
      name: group.name,
      file: group.file,
      rules: group.rules.flatMap((rule, index) => {
        const its = state.rules[index];
        return its !== undefined && wants("rule_name[]", rule.name) ? [apiRule(rule, its, withAlerts)] : [];
      }),
      interval: intervalMs / 1_000,
      limit: group.limit,
      evaluationTime: state.rules.reduce((sum, { standing }) => sum + standing.evaluationMs, 0) / 1_000,
      lastEvaluation: time(Math.max(0, ...state.rules.map(({ standing }) => standing.lastEvaluation ?? 0))),
      tenant,
      ...(owner !== undefined && { owner }),
    }))
    .filter(({ rules }) => rules.length > 0 || query.getAll("rule_name[]").length === 0);
}

/** `evaluations` and `inputSeries` are ours; all else is Prometheus's. */
function apiRule(rule: AlertRule, state: RuleState, withAlerts: boolean): unknown {
  const { health, lastError, lastEvaluation, evaluationMs, evaluations, inputSeries } = state.standing;
  const alerts = activeAlerts(state);
  return {
    state: alerts.some((one) => one.state === "firing") ? "firing" : alerts.length > 0 ? "pending" : "inactive",
    name: rule.name,
    query: rule.query,
    duration: rule.forMs / 1_000,
    keepFiringFor: rule.keepFiringForMs / 1_000,
    labels: configured(rule.labels),
    annotations: configured(rule.annotations),
    alerts: withAlerts ? alerts : [],
    health,
    lastError,
    evaluationTime: evaluationMs / 1_000,
    lastEvaluation: time(lastEvaluation ?? 0),
    type: "alerting",
    evaluations,
    inputSeries,
  };
}

/** As written in the file, templates and all. */
function configured(texts: readonly RuleText[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map(({ name, text }) => [name, text]));
}

function activeAlerts({ alerts }: RuleState) {
  return [...alerts.values()].filter(({ phase }) => STATE_OF[phase] !== "inactive").map(apiAlert);
}

function apiAlert({ phase, labels, annotations, value, activeAt, keepFiringSince }: Alert) {
  return {
    labels: Object.fromEntries(labels),
    annotations: Object.fromEntries(annotations),
    state: STATE_OF[phase],
    activeAt: time(activeAt),
    ...(keepFiringSince !== undefined && { keepFiringSince: time(keepFiringSince) }),
    value: formatValue(value),
  };
}

/** RFC 3339; what has never been is Go's zero time. */
function time(ms: number): string {
  return ms === 0 ? "0001-01-01T00:00:00Z" : new Date(ms).toISOString();
}
