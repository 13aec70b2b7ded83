/**
 * A scenario and its truth as a unit test for `promtool test rules`: the samples are its input, and at every slot the series
 * ALERTS must be what the truth's transitions have led to. Prometheus itself then says whether our truth is one.
 */
import { MINUTE, type Outage, type PlainSeries, type Transition } from "@rondo/testkit/fleet";

const SECOND = 1000;

/** What the rules read; the clients' own series, which are most, would only make promtool slow. */
const isRead = ({ name }: PlainSeries) => !name.startsWith("fl_client_");

/**
 * The unit test's text; JSON is YAML. promtool evaluates at whole minutes from 0 and knows no offsets, so the samples move:
 * `offsetMs`, whole seconds below a minute, must be that of all groups in the outage's evaluation, and its start a whole minute.
 */
export function promtoolCase({ series, truth, time }: Outage, rulesFile: string, offsetMs: number): string {
  // A minute is added for samples that would lie before 0.
  const moved = (at: number) => at - time.startMs - offsetMs + MINUTE;
  const slots = Math.floor(moved(Math.max(...series.flatMap(({ times }) => times))) / MINUTE);
  const checks = Array.from({ length: slots }, (_, index) => (index + 1) * MINUTE).map((at) => ({
    expr: "ALERTS",
    eval_time: `${at / SECOND}s`,
    exp_samples: alertsAt(truth.transitions.filter((one) => moved(one.at) <= at)),
  }));
  return JSON.stringify({
    rule_files: [rulesFile],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1s",
        input_series: series.filter(isRead).map((one) => ({ series: selector(one), values: notation(one, moved) })),
        promql_expr_test: checks,
      },
    ],
  });
}

/** The alerts that these transitions leave pending or firing. */
function alertsAt(transitions: readonly Transition[]): readonly object[] {
  const last = new Map(transitions.map((one) => [JSON.stringify(one.labels), one]));
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

/** Values second by second, `_xN` where there are none for N seconds. */
function notation({ times, values }: PlainSeries, moved: (at: number) => number): string {
  let next = 0;
  return times
    .map((time, index) => {
      const second = moved(time) / SECOND;
      if (!Number.isInteger(second)) throw new RangeError(`a sample at ${time} is not at a whole second`);
      const gap = second - next;
      next = second + 1;
      return gap > 0 ? `_x${gap} ${values[index]}` : `${values[index]}`;
    })
    .join(" ");
}
