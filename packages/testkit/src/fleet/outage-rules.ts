/**
 * The six rules of deploy/examples/alerting-rules.yml, said a second time in plain code. A rule file is never read here: the
 * truth of *outage* must not come from a PromQL engine. `outage.test.ts` keeps names, groups, durations and severities equal.
 */
import { MINUTE } from "./event-time.ts";
import type { Found, Instant } from "./instant.ts";
import { labelsText } from "./plain-series.ts";

/** A rule, and for which series its condition holds at an instant. */
export interface PlainRule {
  readonly group: string;
  readonly alert: string;
  readonly severity: "critical" | "warning";
  /** As described, in milliseconds. */
  readonly forMs: number;
  holds(now: Instant): readonly Found[];
}

const LEARNING = "federated_learning_alerts";
const INFRASTRUCTURE = "infrastructure_alerts";

/** In the order of the file. */
export const OUTAGE_RULES: readonly PlainRule[] = [
  {
    group: LEARNING,
    alert: "HighErrorRate",
    severity: "critical",
    forMs: 5 * MINUTE,
    holds: (now) =>
      now
        .rate("http_requests_total", 5 * MINUTE)
        .filter(({ labels, value }) => /^5..$/.test(labels["status"] ?? "") && value > 0.1),
  },
  {
    group: LEARNING,
    alert: "TrainingJobStuck",
    severity: "warning",
    forMs: 30 * MINUTE,
    holds: (now) => now.increase("training_round_completed_total", 30 * MINUTE).filter(({ value }) => value === 0),
  },
  {
    group: LEARNING,
    alert: "ClientDropout",
    severity: "warning",
    forMs: 10 * MINUTE,
    holds: (now) =>
      matched(now, "fl_clients_connected", "fl_clients_expected", (connected, expected) => connected < expected * 0.5),
  },
  {
    group: LEARNING,
    alert: "SystemResourceHigh",
    severity: "critical",
    forMs: 15 * MINUTE,
    holds: (now) => {
      const [cpu = [], memory = []] = ["cpu_usage_percent", "memory_usage_percent"].map((name) =>
        now.latest(name).filter(({ value }) => value > 90),
      );
      const busy = new Set(cpu.map(({ labels }) => labelsText(labels)));
      // `or` takes from its right side what its left side does not have, whatever the metrics' names.
      return [...cpu, ...memory.filter(({ labels }) => !busy.has(labelsText(labels)))];
    },
  },
  {
    group: INFRASTRUCTURE,
    alert: "ServiceDown",
    severity: "critical",
    forMs: 5 * MINUTE,
    holds: (now) => now.latest("up").filter(({ value }) => value === 0),
  },
  {
    group: INFRASTRUCTURE,
    alert: "DatabaseConnectionsHigh",
    severity: "warning",
    forMs: 10 * MINUTE,
    holds: (now) =>
      matched(now, "mongodb_connections_current", "mongodb_connections_available", (used, all) => used > all * 0.8),
  },
];

/** What is left of the left side where a comparison with the series of equal labels on the right holds. */
function matched(now: Instant, left: string, right: string, holds: (left: number, right: number) => boolean) {
  const others = new Map(now.latest(right).map(({ labels, value }) => [labelsText(labels), value]));
  return now.latest(left).filter(({ labels, value }) => {
    const other = others.get(labelsText(labels));
    return other !== undefined && holds(value, other);
  });
}
