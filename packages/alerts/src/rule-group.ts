/** What a rule file becomes: groups of rules with everything parsed and checked, ready to be evaluated. */
import type { Expr } from "@rondo/promql";
import type { Template } from "./template/template.ts";

/** A text of a rule that is expanded for every alert: as it was configured, and parsed. */
export interface RuleText {
  readonly name: string;
  readonly text: string;
  readonly template: Template;
}

/** An alerting rule. */
export interface AlertRule {
  /** The value of `alert:`, which becomes the label alertname. */
  readonly name: string;
  readonly expr: Expr;
  /** The expression as Prometheus writes it. */
  readonly query: string;
  /** How long an alert is pending before it fires, milliseconds. */
  readonly forMs: number;
  /** How long an alert goes on firing after the last result for it, milliseconds. */
  readonly keepFiringForMs: number;
  /** The rule's labels over those of its group, sorted by name. */
  readonly labels: readonly RuleText[];
  /** Sorted by name. */
  readonly annotations: readonly RuleText[];
  /** The line of the file that the rule begins in. */
  readonly line: number;
}

/** Rules that are evaluated together, in their order, at the same times. */
export interface RuleGroup {
  /** The rule file as the configuration named it. */
  readonly file: string;
  readonly name: string;
  /** Milliseconds between evaluations; undefined means what the process has as its default. */
  readonly intervalMs: number | undefined;
  /** How far into the past of its evaluation time the group asks its queries, milliseconds. */
  readonly queryOffsetMs: number;
  /** The most alerts that a rule may have pending or firing; 0 is no limit. */
  readonly limit: number;
  readonly rules: readonly AlertRule[];
}
