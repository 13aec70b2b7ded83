/** The whole state of a group as it stands in `rondo.state`: what a successor needs to go on as if nothing had happened. */
import { gunzipSync, gzipSync } from "node:zlib";
import { Fault } from "@rondo/core";
import { labelsKey } from "@rondo/promql";
import type { Alert } from "./alert.ts";
import type { Alerts } from "./evaluate-rule.ts";
import { identityOf } from "./rule-file.ts";
import type { AlertRule } from "./rule-group.ts";
import { formatValue } from "./template/functions.ts";

/** How a rule fares. `unknown`: not evaluated yet, or its alerts are held because the windows cannot be trusted. */
export type Health = "unknown" | "ok" | "err";

/** What is known of a rule besides its alerts. */
export interface RuleStanding {
  readonly health: Health;
  /** Empty when the last evaluation went well. */
  readonly lastError: string;
  /** When it was last evaluated, by the clock, milliseconds since the epoch; absent before the first time. */
  readonly lastEvaluation?: number;
  /** How long that took, milliseconds. */
  readonly evaluationMs: number;
  /** Evaluations so far, over restarts and owners. */
  readonly evaluations: number;
  /** Series that the last evaluation read. */
  readonly inputSeries: number;
}

/** A rule's state. */
export interface RuleState {
  readonly alerts: Alerts;
  readonly standing: RuleStanding;
}

/** A group's state; `rules` are in the order of the file. */
export interface GroupState {
  /** The last slot that was evaluated; absent before the first. */
  readonly lastSlot?: number;
  readonly rules: readonly RuleState[];
}

/** The standing of a rule that has never been evaluated. */
export const UNEVALUATED: RuleStanding = {
  health: "unknown",
  lastError: "",
  evaluationMs: 0,
  evaluations: 0,
  inputSeries: 0,
};

/** The state of a group that nobody has evaluated. */
export function emptyState(rules: readonly AlertRule[]): GroupState {
  return { rules: rules.map(() => ({ alerts: new Map(), standing: UNEVALUATED })) };
}

/** Values go as text, since JSON has no NaN and no infinity. */
interface StoredAlert extends Omit<Alert, "value"> {
  readonly value: string;
}

/** `rule` is the rule's identity: its name and labels as configured. */
interface StoredState {
  readonly version: 1;
  readonly lastSlot?: number;
  readonly rules: readonly {
    readonly rule: string;
    readonly standing: RuleStanding;
    readonly alerts: readonly StoredAlert[];
  }[];
}

/** From how many bytes on a state is compressed: thousands of alerts of a rule are alike, and shrink to a twentieth. */
const COMPRESSED_FROM = 16_384;

/** Bytes that a state may have when it is read, decompressed. */
const MAX_STATE_BYTES = 256 << 20;

/** gzip's first byte (RFC 1952 §2.3.1), which no JSON begins with. */
const GZIP = 0x1f;

/** Writes a state; `rules` are those of the group, in order. */
export function encodeState(state: GroupState, rules: readonly AlertRule[]): Uint8Array {
  const stored: StoredState = {
    version: 1,
    ...(state.lastSlot !== undefined && { lastSlot: state.lastSlot }),
    rules: rules.map((rule, index) => {
      const { alerts, standing } = state.rules[index] ?? { alerts: new Map<string, Alert>(), standing: UNEVALUATED };
      const written = [...alerts.values()].map((alert) => ({ ...alert, value: formatValue(alert.value) }));
      return { rule: identityOf(rule), standing, alerts: written };
    }),
  };
  const json = Buffer.from(JSON.stringify(stored));
  return json.length < COMPRESSED_FROM ? json : gzipSync(json, { level: 1 });
}

/**
 * Reads a state for the rules that the group has now: each takes over the state of the first rule of its name and labels that
 * no other took. Throws a Fault `corrupt` that names the key.
 */
export function decodeState(key: string, value: Uint8Array, rules: readonly AlertRule[]): GroupState {
  let stored: StoredState | null;
  try {
    // Only `encodeState` writes under these keys.
    const json = value[0] === GZIP ? gunzipSync(value, { maxOutputLength: MAX_STATE_BYTES }) : Buffer.from(value);
    stored = JSON.parse(json.toString("utf8")) as StoredState | null;
  } catch (thrown) {
    throw new Fault("corrupt", `the rule state under ${key} cannot be read`, { cause: thrown });
  }
  if (stored?.version !== 1)
    throw new Fault("corrupt", `the rule state under ${key} is of a version that is not known`);
  const left = [...stored.rules];
  const found = rules.map((rule): RuleState => {
    const identity = identityOf(rule);
    const at = left.findIndex((one) => one.rule === identity);
    const [one] = at < 0 ? [] : left.splice(at, 1);
    if (one === undefined) return { alerts: new Map(), standing: UNEVALUATED };
    return {
      standing: one.standing,
      alerts: new Map(one.alerts.map((alert) => [labelsKey(alert.labels), revived(alert)])),
    };
  });
  return { ...(stored.lastSlot !== undefined && { lastSlot: stored.lastSlot }), rules: found };
}

function revived(alert: StoredAlert): Alert {
  return { ...alert, value: Number(alert.value.replace("Inf", "Infinity")) };
}
