/** A truth as a file for people and for other programs: times both on the calendar and from the scenario's start. */
import { type EventTime, lasting } from "./event-time.ts";
import { LOOKBACK_MS } from "./instant.ts";
import type { Outage } from "./outage.ts";
import { DURATION_MS, INTERVAL_MS } from "./outage-plot.ts";
import { OUTAGE_RULES } from "./outage-rules.ts";

/** The text of `outage.truth.json`. `seed` is the one that the scenario was played with. */
export function truthDocument({ time, requests, truth }: Outage, seed: number): string {
  const { evaluation, transitions, episodes } = truth;
  return `${JSON.stringify(
    {
      scenario: "outage",
      seed,
      start: new Date(time.startMs).toISOString(),
      startMs: time.startMs,
      speed: time.speed,
      requests: requests.length,
      // As they were played: the speed has shortened them.
      durationMs: lasting(time, DURATION_MS),
      sampleIntervalMs: lasting(time, INTERVAL_MS),
      lookbackMs: lasting(time, LOOKBACK_MS),
      evaluation: { intervalMs: lasting(time, evaluation.intervalMs), offsetsMs: evaluation.offsetsMs },
      rules: OUTAGE_RULES.map(({ group, alert, forMs }) => ({ group, alert, forMs: lasting(time, forMs) })),
      transitions: transitions.map((one) => ({ minute: minuteOf(time, one.at), ...one })),
      notifications: episodes.map((one) => ({ minute: minuteOf(time, one.startsAt), ...one })),
    },
    undefined,
    1,
  )}\n`;
}

/** The minute of the description that a moment is. */
function minuteOf({ startMs, speed }: EventTime, at: number): number {
  return Math.round(((at - startMs) * speed) / 600) / 100;
}
