/** The samples of a scenario as Prometheus would hold them, made from the description alone: what a truth is computed from. */
import { type EventTime, momentAt } from "./event-time.ts";
import type { Sending } from "./sampled.ts";
import type { Metric, Source } from "./source.ts";

/** Labels by name; without the metric's name unless something else is said. */
export type PlainLabels = Readonly<Record<string, string>>;

/** One series: at equal indices a time in milliseconds since the epoch and a value; times ascend. */
export interface PlainSeries {
  readonly name: string;
  readonly labels: PlainLabels;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** The labels of a source's metric: who it is, and the point's attributes. */
export function labelsOf({ service, instance }: Source, { attributes }: Metric): PlainLabels {
  return { job: service, instance, ...attributes };
}

/** A text that is equal for equal labels, whatever their order. */
export function labelsText(labels: PlainLabels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every series of the sendings, in the order of their first samples. */
export function plainSeries(sendings: readonly Sending[], time: EventTime): readonly PlainSeries[] {
  interface Growing extends PlainSeries {
    readonly times: number[];
    readonly values: number[];
  }
  const found = new Map<string, Growing>();
  for (const { sources } of sendings)
    for (const { source, ms, readings } of sources)
      for (const { metric, value } of readings) {
        const name = metric.prometheus;
        const labels = labelsOf(source, metric);
        const key = `${name} ${labelsText(labels)}`;
        const series = found.get(key) ?? { name, labels, times: [], values: [] };
        found.set(key, series);
        series.times.push(momentAt(time, ms));
        series.values.push(value);
      }
  return [...found.values()];
}
