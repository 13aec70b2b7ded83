import { createRegistry } from "@rondo/monitor";
import { expect, test } from "vitest";
import type { Alert } from "./alert.ts";
import { UNEVALUATED } from "./group-state.ts";
import { groupMeter } from "./rule-metrics.ts";

test("a group's figures are shown while it is evaluated here", () => {
  const registry = createRegistry();
  const meter = groupMeter(registry, { tenant: "t", file: "r.yml", group: "g" });
  const value = (name: string, state?: string) =>
    registry.snapshot().find((one) => one.name === name && (state === undefined || one.labels.get("state") === state))
      ?.value;
  const alert = (phase: Alert["phase"]): Alert => ({ phase, labels: [], annotations: [], value: 1, activeAt: 1 });
  const phases = ["pending", "firing", "keeping", "resolved"] as const;
  const alerts = new Map(phases.map((phase) => [phase, alert(phase)]));
  meter.owned(true);
  meter.evaluated(false);
  meter.evaluated(true);
  meter.missed(3);
  meter.took(250);
  meter.held();
  expect(value("rondo_rule_group_degraded")).toBe(1);
  meter.holds({ rules: [{ alerts, standing: UNEVALUATED }] });
  expect([
    value("rondo_rule_evaluations_total"),
    value("rondo_rule_evaluation_failures_total"),
    value("rondo_rule_group_missed_total"),
    value("rondo_rule_group_held_total"),
    value("rondo_rule_group_degraded"),
    value("rondo_rule_group_duration_seconds"),
    value("rondo_rule_group_owned"),
    value("rondo_alerts", "pending"),
    value("rondo_alerts", "firing"),
  ]).toEqual([2, 1, 3, 1, 0, 0.25, 1, 1, 2]);
  meter.owned(false);
  expect([value("rondo_rule_group_owned"), value("rondo_alerts", "firing")]).toEqual([0, 0]);
});
