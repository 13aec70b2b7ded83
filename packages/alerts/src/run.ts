/** The alert worker role: rule groups leased over the replicas, evaluated slot by slot, and Alertmanager told of what they find. */
import type { StateStore } from "@rondo/broker";
import type { AlertsSettings } from "@rondo/config";
import { type Clock, Fault, type Log, type Random } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import type { PageMaker, Readiness, Registry } from "@rondo/monitor";
import type { Leases, WindowReader } from "@rondo/windows";
import { rulePages } from "./api.ts";
import { groupPrefix } from "./group-claim.ts";
import type { RuleTransition } from "./group-evaluator.ts";
import { GroupRunner } from "./group-runner.ts";
import { createNotifier } from "./notifier.ts";
import { Replicas } from "./replicas.ts";
import type { RuleGroup } from "./rule-group.ts";
import { groupMeter } from "./rule-metrics.ts";
import { slotsOf } from "./slots.ts";

/** A tenant with its rules and its samples. */
export interface TenantRules {
  readonly tenant: string;
  readonly groups: readonly RuleGroup[];
  readonly windows: WindowReader;
}

/** What an alert worker needs from the process that runs it. */
export interface AlertOptions {
  readonly settings: Omit<AlertsSettings, "rules" | "endpoint">;
  readonly tenants: readonly TenantRules[];
  /** `rondo.state`. */
  readonly state: StateStore;
  readonly leases: Leases;
  /** The name of this process among its replicas. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  /** Lacks `leases` and `rule state` while they have not answered. */
  readonly readiness: Readiness;
  /** Called for every change of an alert's state that this process made durable. */
  readonly onTransition?: (transition: RuleTransition) => void;
}

/** A running alert worker. */
export interface AlertWorker {
  /** `/api/v1/rules` and `/api/v1/alerts`, for a page server. */
  readonly pages: ReadonlyMap<string, PageMaker>;
  /** Finishes the evaluations under way, writes their state, releases the leases, and sends what waits for a moment. */
  close(): Promise<void>;
}

/** Starts evaluating. Throws a Fault `config` when two groups of a tenant cannot be told apart. */
export async function startAlerts(options: AlertOptions): Promise<AlertWorker> {
  const { settings, tenants, state, leases, clock, log, registry, readiness, instance } = options;
  checkNames(tenants);
  const stop = new AbortController();
  const notifier = createNotifier({ alertmanagers: settings.alertmanagers, clock, log, registry });
  const replicas = new Replicas({ state, instance, clock, reachable: reported("rule state", options) });
  const reachable = reported("leases", options);
  if (tenants.every(({ groups }) => groups.length === 0)) readiness.holds("leases");
  const runners = tenants.flatMap(({ tenant, groups, windows }) =>
    groups.map((group) => {
      const slots = slotsOf(tenant, group, settings.evaluationIntervalMs);
      const about = { tenant, file: group.file, group: group.name };
      const runner = new GroupRunner({
        ...{ ...settings, group, slots, windows, tenant, state, leases, instance, replicas, clock, reachable },
        ...(tenants.length > 1 && { tenantLabel: tenant }),
        random: options.random,
        log: log.child({ tenant, group: group.name }),
        meter: groupMeter(registry, about),
        tell: (notifications) => notifier.tell(notifications),
        settled: () => notifier.settled(),
        ...(options.onTransition && { onTransition: options.onTransition }),
      });
      return { tenant, group, runner, intervalMs: slots.intervalMs };
    }),
  );
  const running = [replicas.run(stop.signal), ...runners.map(({ runner }) => runner.run(stop.signal))];
  const served = runners.map(({ tenant, group, runner, intervalMs }) => {
    return { tenant, group, intervalMs, prefix: runner.prefix, own: () => runner.state };
  });
  return {
    pages: rulePages(served, state),
    async close() {
      stop.abort();
      await Promise.all(running);
      await notifier.close();
    },
  };
}

/** State and slots go by tenant, file name and group: two that share all three would take each other's. */
function checkNames(tenants: readonly TenantRules[]): void {
  const seen = new Map<string, string>();
  for (const { tenant, groups } of tenants) {
    for (const group of groups) {
      const prefix = groupPrefix(tenant, group);
      const other = seen.get(prefix);
      if (other !== undefined) {
        throw new Fault(
          "config",
          `tenant ${tenant} has a group ${group.name} in ${other} and in ${group.file}; rename the group or one of the files`,
        );
      }
      seen.set(prefix, group.file);
    }
  }
}

/** Says once that something cannot be asked, and lets readiness lack it meanwhile. */
function reported(condition: "leases" | "rule state", { log, clock, readiness }: AlertOptions) {
  const trouble = new Recurring(log, clock);
  readiness.lacks(condition, `the ${condition} to answer`);
  return (fault: Fault | undefined) => {
    if (fault === undefined) {
      trouble.over(`the ${condition} can be asked again`);
      readiness.holds(condition);
      return;
    }
    trouble.happened(`the ${condition} cannot be asked; waiting`, { fault });
    readiness.lacks(condition, `the ${condition} to answer`);
  };
}
