import { labelsOf, type VectorSample } from "@rondo/promql";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oneRule } from "./alerts.cases.ts";
import { type Alerts, evaluateRule, MAX_ALERTS, RESOLVED_RETENTION_MS } from "./evaluate-rule.ts";
import type { AlertRule } from "./rule-group.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const AROUND = { limit: 0, externalLabels: new Map([["site", "x"]]), externalUrl: "http://r" };

function ruleOf(more: string): AlertRule {
  const [rule] = oneRule("m > 0", more).rules;
  if (rule === undefined) throw new Error("no rule");
  return rule;
}

const sample = (value: number, labels: Readonly<Record<string, string>> = {}): VectorSample => ({
  labels: labelsOf({ __name__: "m", ...labels }),
  value,
});

/** Evaluates once a minute: a number is a result, `_` none. What comes out is the phase of each minute by its first letter, `.` when there is no alert. */
function phases(rule: AlertRule, results: string): string {
  let alerts: Alerts = new Map();
  return results
    .split(" ")
    .map((word, minute) => {
      const result = word === "_" ? [] : [sample(Number(word))];
      ({ alerts } = evaluateRule(rule, alerts, result, { ...AROUND, at: START + minute * MINUTE }));
      return [...alerts.values()][0]?.phase[0] ?? ".";
    })
    .join(" ");
}

// p pending, f firing, k kept firing, r resolved, . inactive
test.each([
  ["fires after `for`, at the evaluation that completes it", "for: 2m", "1 1 1 1 _ _", "p p f f r r"],
  ["without `for` fires at once", "", "1 1 _", "f f r"],
  ["with a `for` below the interval fires at the second evaluation", "for: 10s", "1 1", "p f"],
  ["one that never fired leaves nothing", "for: 2m", "1 1 _ _", "p p . ."],
  ["one gap begins anew", "for: 2m", "1 1 _ 1 1 1", "p p . p p f"],
  ["what comes again after it was resolved is pending first", "for: 2m", "1 1 1 _ 1 1 1", "p p f r p p f"],
  ["is held up from its first absence on", "keep_firing_for: 2m", "1 _ _ _ _", "f k k r r"],
  ["a result ends the holding up", "keep_firing_for: 2m", "1 _ 1 _ _ _", "f k f k k r"],
  ["a pending alert is not held up", "for: 1m, keep_firing_for: 5m", "1 _ _", "p . ."],
])("%s (%s)", (_name, more, results, expected) => expect(phases(ruleOf(more), results)).toBe(expected));

test("a resolved alert is kept for 15 minutes and no longer", () => {
  const minutes = RESOLVED_RETENTION_MS / MINUTE;
  const seen = phases(
    ruleOf(""),
    `1 ${Array(minutes + 2)
      .fill("_")
      .join(" ")}`,
  );
  expect(seen).toBe(
    `f ${Array(minutes + 1)
      .fill("r")
      .join(" ")} .`,
  );
});

test("a firing alert returns to pending when `for` is raised under it", () => {
  const short = ruleOf("for: 1m");
  const long = ruleOf("for: 3m");
  let alerts: Alerts = new Map();
  const evaluate = (rule: AlertRule, minute: number) => {
    ({ alerts } = evaluateRule(rule, alerts, [sample(1)], { ...AROUND, at: START + minute * MINUTE }));
    return [...alerts.values()][0];
  };
  evaluate(short, 0);
  expect(evaluate(short, 1)?.phase).toBe("firing");
  expect(evaluate(long, 2)).toMatchObject({ phase: "pending", activeAt: START });
  expect(evaluate(long, 3)).toMatchObject({ phase: "firing", firedAt: START + 3 * MINUTE });
});

test("a clock that is set back ends no alert, and what is pending holds from then on", () => {
  const rule = ruleOf("for: 2m");
  const course = (minutes: readonly number[]) => {
    let alerts: Alerts = new Map();
    return minutes.map((minute) => {
      ({ alerts } = evaluateRule(rule, alerts, [sample(1)], { ...AROUND, at: START + minute * MINUTE }));
      return [...alerts.values()][0]?.phase[0];
    });
  };
  expect(course([60, 61, 62, 3, 4, 61, 62, 63])).toEqual([..."ppffffff"]);
  expect(course([60, 61, 3, 4, 5])).toEqual([..."ppppf"]);
});

describe("an alert", () => {
  test("has the result's labels, the rule's over them, alertname over all, and no metric name", () => {
    const rule = ruleOf(
      "labels: {severity: page, host: '{{ $labels.host }}!', empty: '{{ $labels.none }}', alertname: no}",
    );
    const { alerts } = evaluateRule(rule, new Map(), [sample(7, { host: "h", job: "j" })], { ...AROUND, at: START });
    expect([...alerts.values()].map(({ labels }) => Object.fromEntries(labels))).toEqual([
      { alertname: "A", host: "h!", job: "j", severity: "page" },
    ]);
  });

  test("refreshes its value and its annotations, and keeps its times", () => {
    const rule = ruleOf("annotations: {a: 'is {{ $value }} at {{ $externalLabels.site }}, {{ $externalURL }}'}");
    const first = evaluateRule(rule, new Map(), [sample(7)], { ...AROUND, at: START });
    const second = evaluateRule(rule, first.alerts, [sample(8)], { ...AROUND, at: START + MINUTE });
    expect([...second.alerts.values()]).toEqual([
      {
        phase: "firing",
        labels: [["alertname", "A"]],
        annotations: [["a", "is 8 at x, http://r"]],
        value: 8,
        activeAt: START,
        firedAt: START,
      },
    ]);
    expect([first, second].map(({ transitions }) => transitions.map(({ from, to }) => `${from} ${to}`))).toEqual([
      ["inactive firing"],
      [],
    ]);
  });

  test("says in its own text that a template failed", () => {
    const rule = ruleOf("annotations: {a: '{{ $labels.x.y }}'}");
    const { alerts, templateErrors, error } = evaluateRule(rule, new Map(), [sample(1)], { ...AROUND, at: START });
    const text = "<error expanding template: 1:4: can't evaluate field y in type string>";
    expect([...alerts.values()][0]?.annotations).toEqual([["a", text]]);
    expect(templateErrors).toEqual(["a: 1:4: can't evaluate field y in type string"]);
    expect(error).toBeUndefined();
  });
});

test("two elements that become one alert are an error that changes nothing", () => {
  const rule = ruleOf("labels: {host: same}");
  const before = evaluateRule(rule, new Map(), [sample(1, { host: "a" })], { ...AROUND, at: START }).alerts;
  const two = [sample(1, { host: "a" }), sample(1, { host: "b" })];
  const outcome = evaluateRule(rule, before, two, { ...AROUND, at: START + MINUTE });
  expect(outcome).toMatchObject({
    error: "vector contains metrics with the same labelset after applying alert labels",
    transitions: [],
  });
  expect(outcome.alerts).toBe(before);
});

test("a result that is too large becomes no alerts, and ends none", () => {
  const rule = ruleOf("");
  const before = evaluateRule(rule, new Map(), [sample(1)], { ...AROUND, at: START }).alerts;
  const many = Array.from({ length: MAX_ALERTS + 1 }, (_, index) => sample(1, { index: String(index) }));
  const { alerts, error } = evaluateRule(rule, before, many, { ...AROUND, at: START + MINUTE });
  expect([alerts, error]).toEqual([before, "a result of 10001 elements is over the limit of 10000"]);
});

test("beyond the limit every alert of the rule is forgotten", () => {
  const rule = ruleOf("");
  const hosts = (...names: readonly string[]) => names.map((host) => sample(1, { host }));
  const around = { ...AROUND, limit: 2 };
  const { alerts } = evaluateRule(rule, new Map(), hosts("a", "b"), { ...around, at: START });
  expect(alerts.size).toBe(2);
  const outcome = evaluateRule(rule, alerts, hosts("a", "b", "c"), { ...around, at: START + MINUTE });
  expect(outcome.error).toBe("exceeded limit of 2 with 3 alerts");
  expect([...outcome.alerts]).toEqual([]);
  expect(outcome.transitions.map(({ from, to }) => `${from} ${to}`)).toEqual(["firing inactive", "firing inactive"]);
});

/** Prometheus's own loop over one alert (rules/alerting.go, Eval), line by line and with its mutable alert. */
function reference(forMs: number, keepMs: number, results: readonly boolean[]): readonly string[] {
  interface Active {
    state: "pending" | "firing" | "inactive";
    activeAt: number;
    keepFiringSince?: number;
    resolvedAt?: number;
  }
  let active: Active | undefined;
  return results.map((isFound, minute) => {
    const at = START + minute * MINUTE;
    if (isFound && (active === undefined || active.state === "inactive")) active = { state: "pending", activeAt: at };
    if (active === undefined) return ".";
    if (isFound) delete active.keepFiringSince;
    else {
      let keepFiring = false;
      if (active.state === "firing" && keepMs > 0) {
        active.keepFiringSince ??= at;
        keepFiring = at - active.keepFiringSince < keepMs;
      }
      const isForgotten =
        active.state === "pending" ||
        (active.resolvedAt !== undefined && at - active.resolvedAt > RESOLVED_RETENTION_MS);
      if (active.state !== "inactive" && !keepFiring) Object.assign(active, { state: "inactive", resolvedAt: at });
      if (isForgotten) active = undefined;
      if (active === undefined) return ".";
      if (!keepFiring) return "r";
    }
    if (active.state === "pending" && at - active.activeAt >= forMs) active.state = "firing";
    if (active.state === "firing") return active.keepFiringSince === undefined ? "f" : "k";
    return "p";
  });
}

test("agrees with Prometheus's own loop on any course of results", () => {
  const course = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 18 })), { maxLength: 8 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }), course, (held, kept, runs) => {
      const results = runs.flatMap(([isFound, length]) => Array<boolean>(length).fill(isFound));
      const rule = ruleOf(`for: ${held}m, keep_firing_for: ${kept}m`);
      const seen = phases(rule, results.map((isFound) => (isFound ? "1" : "_")).join(" "));
      if (results.length > 0) expect(seen.split(" ")).toEqual(reference(held * MINUTE, kept * MINUTE, results));
    }),
  );
});
