/** What an evaluator of rules must have done with a scenario: every transition, and every notification that follows. */
import { type EventTime, MINUTE } from "./event-time.ts";
import type { PlainRule } from "./outage-rules.ts";
import { labelsText, type PlainLabels, type PlainSeries } from "./plain-series.ts";
import { type Evaluation, slotsOf, type Transition, transitionsOf } from "./transitions.ts";

/** Slots at whole minutes. */
export const EVERY_MINUTE: Evaluation = { intervalMs: MINUTE, offsetsMs: {} };

/**
 * One alert that fired, from its beginning to its end. Alertmanager sees it firing from `startsAt` on and resolved once, with
 * `endsAt`, however often either is sent again. Times are milliseconds since the epoch.
 */
export interface Episode {
  readonly labels: PlainLabels;
  /** When the condition began to hold. */
  readonly activeAt: number;
  /** When it fired; also of the resolved alert. */
  readonly startsAt: number;
  /** When it resolved; absent when it did not before the end. */
  readonly endsAt?: number;
}

/** The truth of a scenario. */
export interface Truth {
  readonly evaluation: Evaluation;
  /** By time; in one slot in the order of the rules. */
  readonly transitions: readonly Transition[];
  /** By `startsAt`. */
  readonly episodes: readonly Episode[];
}

/** Judges rules over the samples of a scenario that lasts `durationMs`, as described. Throws RangeError as `slotsOf`. */
export function truthOf(
  rules: readonly PlainRule[],
  series: readonly PlainSeries[],
  time: EventTime,
  durationMs: number,
  evaluation: Evaluation,
): Truth {
  const transitions = rules
    .flatMap((rule) => transitionsOf(rule, series, slotsOf(rule.group, evaluation, time, durationMs), time))
    .sort((a, b) => a.at - b.at);
  return { evaluation, transitions, episodes: episodesOf(transitions) };
}

/** The alerts among these transitions that fired. Transitions are by time. */
export function episodesOf(transitions: readonly Transition[]): readonly Episode[] {
  const byAlert = Map.groupBy(transitions, ({ labels }) => labelsText(labels));
  return [...byAlert.values()].flatMap(ofOneAlert).sort((a, b) => a.startsAt - b.startsAt);
}

function ofOneAlert(transitions: readonly Transition[]): readonly Episode[] {
  const episodes: Episode[] = [];
  let activeAt = 0;
  for (const { at, labels, from, to } of transitions) {
    if (from === "inactive") activeAt = at;
    // A rule whose `for` is 0 fires in the slot in which its condition begins to hold.
    if (to === "firing") episodes.push({ labels, activeAt, startsAt: at });
    const last = episodes.at(-1);
    if (from === "firing" && last !== undefined) episodes[episodes.length - 1] = { ...last, endsAt: at };
  }
  return episodes;
}
