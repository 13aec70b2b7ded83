/** The life of an alert as one total table: what each evaluation makes of it (Prometheus: rules/alerting.go, Eval). */

/**
 * `inactive`: nothing is known of it. `pending`: it has not held long enough. `firing`: it has. `keeping`: it fired, there is no
 * result for it any more, and `keep_firing_for` holds it up. `resolved`: it fired and is over; kept to be told again.
 */
export type AlertPhase = "inactive" | "pending" | "firing" | "keeping" | "resolved";

/**
 * What an evaluation finds. `seen`: a result, active for less than `for`; `held`: a result, active for at least `for`.
 * Without a result – `kept`: within `keep_firing_for`; `expired`: resolved for longer than that is told; `gone`: all else.
 */
export type AlertEvent = "seen" | "held" | "kept" | "gone" | "expired";

/** The table. A result after `resolved` begins a new alert, which is why its row is that of `inactive`. */
export const NEXT_PHASE = {
  inactive: { seen: "pending", held: "firing", kept: "inactive", gone: "inactive", expired: "inactive" },
  pending: { seen: "pending", held: "firing", kept: "inactive", gone: "inactive", expired: "inactive" },
  // `for` may have been raised under an alert that fires: it then has to hold longer first.
  firing: { seen: "pending", held: "firing", kept: "keeping", gone: "resolved", expired: "resolved" },
  keeping: { seen: "pending", held: "firing", kept: "keeping", gone: "resolved", expired: "resolved" },
  resolved: { seen: "pending", held: "firing", kept: "resolved", gone: "resolved", expired: "inactive" },
} as const satisfies Readonly<Record<AlertPhase, Readonly<Record<AlertEvent, AlertPhase>>>>;

/** The state that the APIs know; a resolved alert is none of theirs. */
export type AlertState = "inactive" | "pending" | "firing";

/** The state of a phase. */
export const STATE_OF = {
  inactive: "inactive",
  pending: "pending",
  firing: "firing",
  keeping: "firing",
  resolved: "inactive",
} as const satisfies Readonly<Record<AlertPhase, AlertState>>;
