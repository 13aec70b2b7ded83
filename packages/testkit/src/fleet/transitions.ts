/**
 * From conditions to alerts: at every slot of a rule's group the condition is asked, and what changed is written down.
 * A condition that holds makes an alert pending; once it has held for the rule's `for` the alert fires; at the first slot
 * where it does not hold the alert is inactive, and if it fired, resolved. A reappearance is a new alert.
 */
import { type EventTime, lasting, momentAt } from "./event-time.ts";
import { Instant } from "./instant.ts";
import type { PlainRule } from "./outage-rules.ts";
import { labelsText, type PlainLabels, type PlainSeries } from "./plain-series.ts";

/** When groups are evaluated. */
export interface Evaluation {
  /** As described, in milliseconds; a speed shortens it, and it must still be whole then. */
  readonly intervalMs: number;
  /** By group: slots are the multiples of the shortened interval plus this many milliseconds; absent: 0. */
  readonly offsetsMs: Readonly<Record<string, number>>;
}

/** The states of an alert that a transition leads from and to. */
export type AlertState = "inactive" | "pending" | "firing";

/** One change of one alert. */
export interface Transition {
  /** The slot, milliseconds since the epoch. */
  readonly at: number;
  readonly group: string;
  readonly alert: string;
  /** As Alertmanager gets them, `alertname` and the rule's own among them. */
  readonly labels: PlainLabels;
  readonly from: AlertState;
  readonly to: AlertState;
  /** What the expression gave; absent when it gave nothing any more. A rate is one of the description's seconds. */
  readonly value?: number;
}

/** Slots of a group later than the start and no later than `durationMs` after it. Throws RangeError for a broken interval. */
export function slotsOf(group: string, evaluation: Evaluation, time: EventTime, durationMs: number): readonly number[] {
  const interval = lasting(time, evaluation.intervalMs);
  const offset = evaluation.offsetsMs[group] ?? 0;
  if (!Number.isSafeInteger(interval) || interval <= 0) {
    throw new RangeError(`an interval of ${evaluation.intervalMs} ms is not whole milliseconds at speed ${time.speed}`);
  }
  const first = Math.floor((time.startMs - offset) / interval) + 1;
  const last = Math.floor((momentAt(time, durationMs) - offset) / interval);
  return Array.from({ length: last - first + 1 }, (_, slot) => (first + slot) * interval + offset);
}

interface Alert {
  readonly activeAt: number;
  readonly state: "pending" | "firing";
  readonly labels: PlainLabels;
}

/** Every transition of one rule, by time, those of one slot in the order of the series. */
export function transitionsOf(
  rule: PlainRule,
  series: readonly PlainSeries[],
  slots: readonly number[],
  time: EventTime,
): readonly Transition[] {
  const { group, alert } = rule;
  const transitions: Transition[] = [];
  let before: ReadonlyMap<string, Alert> = new Map();
  for (const at of slots) {
    const now = new Map<string, Alert>();
    for (const found of rule.holds(new Instant(series, time, at))) {
      const labels = { ...found.labels, severity: rule.severity, alertname: alert };
      const was = before.get(labelsText(labels));
      const activeAt = was?.activeAt ?? at;
      const state = at - activeAt >= lasting(time, rule.forMs) ? "firing" : "pending";
      now.set(labelsText(labels), { activeAt, state, labels });
      const from = was?.state ?? "inactive";
      if (from !== state) transitions.push({ at, group, alert, labels, from, to: state, value: found.value });
    }
    for (const [key, { labels, state }] of before)
      if (!now.has(key)) transitions.push({ at, group, alert, labels, from: state, to: "inactive" });
    before = now;
  }
  return transitions;
}
