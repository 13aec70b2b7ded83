/**
 * Evaluates one group of rules, slot by slot, under an owner who may write its state. Nothing is said before the state that it
 * follows from is durable, and nothing is taken for over while the windows, the lease or the state cannot be trusted: then the
 * alerts are held as they are, and those that fire are told on.
 */
import { type Clock, Fault, type Log } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { labelsKey } from "@rondo/promql";
import type { WindowReader } from "@rondo/windows";
import type { Alert } from "./alert.ts";
import type { Notification, Standing } from "./alertmanager.ts";
import { type Alerts, evaluateRule, type RuleOutcome, type Transition } from "./evaluate-rule.ts";
import { ask, untilFresh } from "./fresh-windows.ts";
import { encodeState, type GroupState, type RuleState } from "./group-state.ts";
import { queryRule } from "./query-rule.ts";
import type { AlertRule, RuleGroup } from "./rule-group.ts";
import type { GroupMeter } from "./rule-metrics.ts";
import { needsSending, postedAlert } from "./sending.ts";
import { type Slots, slotAt } from "./slots.ts";

/** Who evaluates a group. */
export interface GroupOwner {
  /** By what is known here: `unsure` while nobody can be asked. */
  standing(): "held" | "unsure" | "lost";
  /** Whether nobody else speaks for the group; asks where that is in doubt. */
  speaks(): Promise<boolean>;
  /** Asks; whether the group is ours beyond doubt. */
  confirm(): Promise<boolean>;
  /** Makes the state durable. */
  write(state: Uint8Array): Promise<void>;
}

/** A transition with the rule that it happened to. */
export interface RuleTransition extends Transition {
  readonly group: string;
  readonly alert: string;
}

/** What a group is evaluated with. */
export interface GroupEvaluatorOptions {
  readonly group: RuleGroup;
  readonly slots: Slots;
  readonly windows: WindowReader;
  readonly resendDelayMs: number;
  readonly lookbackMs: number;
  readonly externalUrl: string;
  readonly externalLabels: ReadonlyMap<string, string>;
  /** The label `tenant` of what is told; absent when there is one tenant. */
  readonly tenantLabel?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: GroupMeter;
  readonly tell: (notifications: readonly Notification[]) => void;
  /** Called for every change of an alert's state, once it is durable. */
  readonly onTransition?: (transition: RuleTransition) => void;
}

/** How an evaluation ended: `done`, or the alerts were `held` as they are, or the group is no longer ours. */
export type EvaluationOutcome = "done" | "held" | "lost";

/** How long the figures of rules without alerts may be older in the store than here, milliseconds. */
const STANDING_EVERY_MS = 15_000;

/** A rule's state with what is to be told of it. */
interface Evaluated {
  readonly state: RuleState;
  readonly outcome: RuleOutcome;
}

/** The evaluations of one group under one owner. Calls must not overlap. */
export class GroupEvaluator implements Standing {
  readonly #options: GroupEvaluatorOptions;
  readonly #owner: GroupOwner;
  readonly #trouble: Recurring;
  readonly #templates: Recurring;
  #state: GroupState;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(options: GroupEvaluatorOptions, owner: GroupOwner, state: GroupState) {
    this.#options = options;
    this.#owner = owner;
    this.#state = state;
    this.#trouble = new Recurring(options.log, options.clock);
    this.#templates = new Recurring(options.log, options.clock);
  }

  /** As of the last evaluation. */
  get state(): GroupState {
    return this.#state;
  }

  speaks(): Promise<boolean> {
    return this.#owner.speaks();
  }

  async confirmsResolved(): Promise<boolean> {
    return (
      (await this.#owner.confirm()) &&
      (await ask(this.#options.windows, this.#upTo(this.#state.lastSlot))) === undefined
    );
  }

  /**
   * Evaluates the rules at `slot`, as soon as the windows are whole up to it; if they are not by `deadline` the alerts are held.
   * Both in milliseconds since the epoch. `abort` ends the wait, and nothing else.
   */
  async evaluate(slot: number, deadline: number, abort: AbortSignal): Promise<EvaluationOutcome> {
    const { clock, windows, meter } = this.#options;
    const reason = await untilFresh(windows, this.#upTo(slot), { clock, deadline, abort });
    const standing = this.#owner.standing();
    if (standing === "lost") return "lost";
    if (reason !== undefined) return abort.aborted ? "held" : this.#hold(slot, reason);
    if (standing === "unsure") return this.#hold(slot, "the leases cannot be reached");
    const started = clock.monotonic();
    const evaluated: Evaluated[] = [];
    for (const [index, rule] of this.#options.group.rules.entries()) {
      const one = await this.#rule(rule, this.#state.rules[index], slot);
      if (typeof one === "string") return this.#hold(slot, one);
      evaluated.push(one);
    }
    // Another group of the tenant may meanwhile have found them lost, and what was read of them then was less than there is.
    const lost = await ask(windows, this.#upTo(slot));
    const outcome = lost === undefined ? await this.#commit(slot, evaluated) : this.#hold(slot, lost);
    meter.took(clock.monotonic() - started);
    return outcome;
  }

  /** Up to when the windows must be whole for the evaluation at a slot. */
  #upTo(slot = Number.NEGATIVE_INFINITY): number {
    return slot - this.#options.group.queryOffsetMs;
  }

  /** One rule; the reason why its samples cannot be had, when they cannot. */
  async #rule(rule: AlertRule, before: RuleState | undefined, slot: number): Promise<Evaluated | string> {
    const { clock, windows, lookbackMs, externalLabels, externalUrl, group, meter } = this.#options;
    const started = clock.monotonic();
    const alerts: Alerts = before?.alerts ?? new Map();
    const query = await queryRule(rule.expr, this.#upTo(slot), { queryable: windows, lookbackMs, clock });
    if (query.kind === "unavailable") return query.reason;
    const around = { at: slot, limit: group.limit, externalLabels, externalUrl };
    const outcome: RuleOutcome =
      query.kind === "failed"
        ? { alerts, transitions: [], error: query.error, templateErrors: [] }
        : evaluateRule(rule, alerts, query.samples, around);
    meter.evaluated(outcome.error !== undefined);
    this.#noteTemplates(rule, outcome.templateErrors);
    const standing = {
      health: outcome.error === undefined ? ("ok" as const) : ("err" as const),
      lastError: outcome.error ?? "",
      lastEvaluation: clock.now(),
      evaluationMs: clock.monotonic() - started,
      evaluations: (before?.standing.evaluations ?? 0) + 1,
      inputSeries: query.inputSeries,
    };
    return { outcome, state: { alerts: outcome.alerts, standing } };
  }

  /** Makes the evaluation durable, and then tells what it found. */
  async #commit(slot: number, evaluated: readonly Evaluated[]): Promise<EvaluationOutcome> {
    const { clock, group, tell, onTransition } = this.#options;
    const told: Notification[] = [];
    const rules = evaluated.map(({ state }, index) => ({
      ...state,
      // What failed says nothing new; its alerts wait for an evaluation that goes well.
      alerts: state.standing.health === "ok" ? this.#send(index, state.alerts, slot, () => true, told) : state.alerts,
    }));
    const next: GroupState = { lastSlot: slot, rules };
    if (told.some(({ resolved }) => resolved) && !(await this.#owner.confirm())) {
      return this.#owner.standing() === "lost" ? "lost" : this.#hold(slot, "the lease cannot be confirmed");
    }
    if (this.#owner.standing() === "lost") return "lost";
    if (this.#mustWrite(next)) {
      try {
        await this.#owner.write(encodeState(next, group.rules));
      } catch (thrown) {
        return this.#hold(slot, `the state cannot be written: ${Fault.from(thrown).message}`);
      }
      this.#writtenAt = clock.monotonic();
    }
    this.#state = next;
    this.#options.meter.holds(next);
    this.#trouble.over("rules are evaluated again");
    for (const [index, { outcome }] of evaluated.entries()) {
      const alert = group.rules[index]?.name ?? "";
      for (const transition of outcome.transitions) onTransition?.({ ...transition, group: group.name, alert });
    }
    if (told.length > 0) tell(told);
    return "done";
  }

  /** Alerts, changes of health, and figures that have become old. */
  #mustWrite(next: GroupState): boolean {
    if (this.#options.clock.monotonic() - this.#writtenAt >= STANDING_EVERY_MS) return true;
    return next.rules.some(({ alerts, standing }, index) => {
      const before = this.#state.rules[index];
      return alerts.size > 0 || (before?.alerts.size ?? 0) > 0 || standing.lastError !== before?.standing.lastError;
    });
  }

  /** Keeps every alert as it is, and tells those that fire once more, so that they do not end by silence. */
  #hold(slot: number, reason: string): EvaluationOutcome {
    const { meter, tell } = this.#options;
    const told: Notification[] = [];
    this.#trouble.happened("rules are not evaluated, and their alerts stay as they are", { reason });
    const firing = ({ phase }: Alert) => phase === "firing" || phase === "keeping";
    this.#state = {
      ...this.#state,
      rules: this.#state.rules.map(({ alerts, standing }, index) => ({
        alerts: this.#send(index, alerts, slot, firing, told),
        standing: { ...standing, health: "unknown", lastError: reason },
      })),
    };
    meter.held();
    if (told.length > 0) tell(told);
    return "held";
  }

  /**
   * Adds to `told` the alerts of a rule that are due, and returns all with the time at which they were told. That is the present
   * slot, however late the evaluation is: what fires must not be told with an end that has already passed.
   */
  #send(index: number, alerts: Alerts, slot: number, which: (alert: Alert) => boolean, told: Notification[]): Alerts {
    const { group, slots, resendDelayMs, externalLabels, externalUrl, tenantLabel, clock } = this.#options;
    const at = Math.max(slot, slotAt(slots, clock.now()));
    const query = group.rules[index]?.query ?? "";
    const around = { at, intervalMs: slots.intervalMs, resendDelayMs, externalLabels, externalUrl, query };
    return new Map(
      [...alerts].map(([key, alert]) => {
        if (!which(alert) || !needsSending(alert, at, resendDelayMs)) return [key, alert];
        const posted = postedAlert(alert, { ...around, ...(tenantLabel !== undefined && { tenantLabel }) });
        const episode = `${tenantLabel ?? ""}/${group.file}/${group.name}/${index}/${labelsKey(alert.labels)}/${alert.firedAt}`;
        told.push({ key: episode, posted, resolved: alert.phase === "resolved", standing: this });
        return [key, { ...alert, lastSentAt: at }];
      }),
    );
  }

  #noteTemplates(rule: AlertRule, errors: readonly string[]): void {
    const [first] = errors;
    if (first !== undefined)
      this.#templates.happened("a template cannot be expanded", { alert: rule.name, why: first });
  }
}
