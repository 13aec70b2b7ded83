/** One instant of a scenario, as a rule sees it: every answer comes with the labels that the rule's result would have. */
import { type EventTime, lasting, MINUTE } from "./event-time.ts";
import type { PlainLabels, PlainSeries } from "./plain-series.ts";
import { increaseIn, latestIn } from "./rate-window.ts";

/** How far an instant selector looks back, as described: Prometheus's default. */
export const LOOKBACK_MS = 5 * MINUTE;

/** One element of a rule's result, without the metric's name. */
export interface Found {
  readonly labels: PlainLabels;
  readonly value: number;
}

/** The samples of a scenario, seen at one time. Durations are the description's; a speed shortens them. */
export class Instant {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly #series: readonly PlainSeries[];
  readonly #time: EventTime;

  constructor(series: readonly PlainSeries[], time: EventTime, at: number) {
    this.#series = series;
    this.#time = time;
    this.at = at;
  }

  /** The series of a name with their newest values. */
  latest(name: string): readonly Found[] {
    return this.#each(name, (series) => latestIn(series, this.at, lasting(this.#time, LOOKBACK_MS)));
  }

  /** `increase(name[rangeMs])`. */
  increase(name: string, rangeMs: number): readonly Found[] {
    return this.#each(name, (series) => increaseIn(series, this.at, lasting(this.#time, rangeMs)));
  }

  /** `rate(name[rangeMs])` in the description's seconds: at a speed, an engine's rate is that many times higher. */
  rate(name: string, rangeMs: number): readonly Found[] {
    return this.increase(name, rangeMs).map(({ labels, value }) => ({ labels, value: value / (rangeMs / 1000) }));
  }

  #each(name: string, read: (series: PlainSeries) => number | undefined): readonly Found[] {
    return this.#series.flatMap((series) => {
      const value = series.name === name ? read(series) : undefined;
      return value === undefined ? [] : [{ labels: series.labels, value }];
    });
  }
}
