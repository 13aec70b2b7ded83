/**
 * A scenario and its truth as a unit test for `promtool test rules`: the samples are its input, and at every slot the series
 * ALERTS must be what the truth's transitions have led to. Prometheus itself then says whether our truth is one.
 */
import { labelsText, lasting, type Outage, type PlainSeries, type Transition } from "@rondo/testkit/fleet";

/** What the rules read; the clients' own series, which are most, would only make promtool slow. */
const isRead = ({ name }: PlainSeries) => !name.startsWith("fl_client_");

/** How a scenario is put to promtool. */
export interface PromtoolOptions {
  readonly rulesFile: string;
  /** What divides the distances between all samples and slots, milliseconds. */
  readonly stepMs: number;
  /** The offset of every group's slots in the outage's evaluation, milliseconds below the interval. */
  readonly offsetMs: number;
}

/**
 * The unit test's text; JSON is YAML. promtool evaluates at multiples of the interval from 0 and knows no offsets, so the
 * samples move; the scenario must begin at a multiple of the interval.
 */
export function promtoolCase({ series, truth, time }: Outage, options: PromtoolOptions): string {
  const { rulesFile, stepMs, offsetMs } = options;
  const intervalMs = lasting(time, truth.evaluation.intervalMs);
  // An interval is added for samples that would lie before 0.
  const moved = (at: number) => at - time.startMs - offsetMs + intervalMs;
  const slots = Math.floor(moved(Math.max(...series.flatMap(({ times }) => times))) / intervalMs);
  const checks = Array.from({ length: slots }, (_, index) => (index + 1) * intervalMs).map((at) => ({
    expr: "ALERTS",
    eval_time: `${at}ms`,
    exp_samples: alertsAt(truth.transitions.filter((one) => moved(one.at) <= at)),
  }));
  const input = series.filter(isRead).map((one) => ({ series: selector(one), values: notation(one, moved, stepMs) }));
  return JSON.stringify({
    rule_files: [rulesFile],
    evaluation_interval: `${intervalMs}ms`,
    tests: [{ interval: `${stepMs}ms`, input_series: input, promql_expr_test: checks }],
  });
}

/** The alerts that these transitions leave pending or firing. */
function alertsAt(transitions: readonly Transition[]): readonly object[] {
  const last = new Map(transitions.map((one) => [labelsText(one.labels), one]));
  return [...last.values()]
    .filter(({ to }) => to !== "inactive")
    .map(({ labels, to }) => ({
      labels: selector({ name: "ALERTS", labels: { ...labels, alertstate: to } }),
      value: 1,
    }));
}

function selector({ name, labels }: Pick<PlainSeries, "name" | "labels">): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(",")}}`;
}

/** Values step by step, `_xN` where there are none for N steps. */
function notation({ times, values }: PlainSeries, moved: (at: number) => number, stepMs: number): string {
  let next = 0;
  return times
    .map((time, index) => {
      const step = moved(time) / stepMs;
      if (!Number.isInteger(step)) throw new RangeError(`a sample at ${time} is not at a multiple of ${stepMs} ms`);
      const gap = step - next;
      next = step + 1;
      return gap > 0 ? `_x${gap} ${values[index]}` : `${values[index]}`;
    })
    .join(" ");
}
