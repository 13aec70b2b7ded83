/** Which alerts have to be told, and in what words Alertmanager is told (its API v2, `postableAlerts`). */
import { type Labels, labelsOf } from "@rondo/promql";
import type { Alert } from "./alert.ts";
import { queryEscape } from "./template/functions.ts";

/** Whether an alert is told at an evaluation: a change at once, what lasts when it was last told more than `resendDelayMs` ago. */
export function needsSending({ phase, lastSentAt }: Alert, at: number, resendDelayMs: number): boolean {
  if (phase === "pending") return false;
  // Forgotten whenever there is news: when it begins to fire, and when it is over.
  // Told in the future: the clock was set back since, and Alertmanager may count by the right one.
  if (lastSentAt === undefined || lastSentAt > at) return true;
  return at - lastSentAt > resendDelayMs;
}

/** An alert as Alertmanager takes it. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

/** What stands around an alert on its way. */
export interface PostedAround {
  /** The evaluation's time. */
  readonly at: number;
  readonly intervalMs: number;
  readonly resendDelayMs: number;
  /** Labels that the alert gets where it has none of that name. */
  readonly externalLabels: ReadonlyMap<string, string>;
  readonly externalUrl: string;
  /** Whose alert it is, where there are several tenants: a label that wins over all others. */
  readonly tenantLabel?: string;
  /** The rule's expression. */
  readonly query: string;
}

/** How many times the longer of interval and resend delay an alert that fires lives without being told again. */
const LIVES = 4;

/** Writes an alert. One that fires ends by itself after four rounds without another word, counted from the evaluation. */
export function postedAlert(alert: Alert, around: PostedAround): PostedAlert {
  const { at, intervalMs, resendDelayMs, externalLabels, externalUrl, tenantLabel = "", query } = around;
  const endsAt = alert.resolvedAt ?? at + LIVES * Math.max(resendDelayMs, intervalMs);
  const own = tenantLabel === "" ? [] : [["tenant", tenantLabel] as const];
  return {
    labels: record(labelsOf([...externalLabels, ...alert.labels, ...own])),
    annotations: record(alert.annotations),
    startsAt: new Date(alert.firedAt ?? alert.activeAt).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
    generatorURL: `${externalUrl}/graph?g0.expr=${queryEscape(query)}&g0.tab=1`,
  };
}

/** Without a prototype, so that a label called `__proto__` is one like any other. */
function record(labels: Labels): Readonly<Record<string, string>> {
  const made: Record<string, string> = Object.create(null);
  for (const [name, value] of labels) made[name] = value;
  return made;
}
