/** The metrics of one group while a process evaluates it. */
import type { Registry } from "@rondo/monitor";
import { STATE_OF } from "./alert-phase.ts";
import type { GroupState } from "./group-state.ts";

/** Counts what a group's evaluations come to. */
export interface GroupMeter {
  /** A rule was evaluated. */
  evaluated(failed: boolean): void;
  /** A group's evaluation took this long, milliseconds. */
  took(ms: number): void;
  /** Slots were left out. */
  missed(slots: number): void;
  /** The alerts stayed as they were, because no evaluation could be made. */
  held(): void;
  /** An evaluation was made, and these are the alerts. */
  holds(state: GroupState): void;
  /** The group is this process's now, or no longer. */
  owned(now: boolean): void;
}

/** The meter of a group. */
export function groupMeter(
  registry: Registry,
  labels: { readonly tenant: string; readonly file: string; readonly group: string },
): GroupMeter {
  const evaluations = registry.counter("rondo_rule_evaluations_total", labels);
  const failures = registry.counter("rondo_rule_evaluation_failures_total", labels);
  const missed = registry.counter("rondo_rule_group_missed_total", labels);
  const held = registry.counter("rondo_rule_group_held_total", labels);
  const degraded = registry.gauge("rondo_rule_group_degraded", labels);
  const owned = registry.gauge("rondo_rule_group_owned", labels);
  const duration = registry.histogram("rondo_rule_group_duration_seconds", labels);
  const alerts = {
    pending: registry.gauge("rondo_alerts", { ...labels, state: "pending" }),
    firing: registry.gauge("rondo_alerts", { ...labels, state: "firing" }),
  };
  const count = ({ rules }: GroupState, state: "pending" | "firing") =>
    rules.reduce(
      (sum, rule) => sum + [...rule.alerts.values()].filter(({ phase }) => STATE_OF[phase] === state).length,
      0,
    );
  return {
    evaluated(failed) {
      evaluations.add(1);
      if (failed) failures.add(1);
    },
    took: (ms) => duration.observe(ms / 1_000),
    missed: (slots) => missed.add(slots),
    held() {
      held.add(1);
      degraded.set(1);
    },
    holds(state) {
      degraded.set(0);
      alerts.pending.set(count(state, "pending"));
      alerts.firing.set(count(state, "firing"));
    },
    owned(now) {
      owned.set(now ? 1 : 0);
      if (now) return;
      // What another process evaluates, it shows.
      for (const gauge of [degraded, alerts.pending, alerts.firing]) gauge.set(0);
    },
  };
}
