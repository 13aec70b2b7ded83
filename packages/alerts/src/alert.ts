/** One alert of a rule, as it is between two evaluations; never changed, each evaluation makes a new one. */
import type { Labels } from "@rondo/promql";
import type { AlertPhase } from "./alert-phase.ts";

/** An alert. Times are evaluation times in milliseconds since the epoch. */
export interface Alert {
  /** Never `inactive`: such an alert is not kept. */
  readonly phase: Exclude<AlertPhase, "inactive">;
  /** The result's labels, those of the rule over them, and alertname. */
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Of the last result. */
  readonly value: number;
  /** The first evaluation that found it. */
  readonly activeAt: number;
  /** When it began to fire; absent while it is pending. */
  readonly firedAt?: number;
  /** The first evaluation without a result for it, while it is held up. */
  readonly keepFiringSince?: number;
  /** When it was last given to Alertmanager. */
  readonly lastSentAt?: number;
  readonly resolvedAt?: number;
}
