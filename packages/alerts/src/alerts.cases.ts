/** What tests of alerts share: groups from YAML, windows that a test fills and spoils, an Alertmanager that only remembers. */
import type { StateStore } from "@rondo/broker";
import { type Clock, Fault, silentLog } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { type Labels, labelsOf, labelValue, type Matcher, type SampleSeries } from "@rondo/promql";
import { type FakeClock, memoryBroker } from "@rondo/testkit";
import type { Freshness, WindowReader } from "@rondo/windows";
import type { Notification } from "./alertmanager.ts";
import type { GroupEvaluatorOptions } from "./group-evaluator.ts";
import { readRuleFile } from "./rule-file.ts";
import type { RuleGroup } from "./rule-group.ts";
import { groupMeter } from "./rule-metrics.ts";
import type { AlertOptions } from "./run.ts";

/** The first group of a rule file. Throws when the file has problems. */
export function groupOf(yaml: string, file = "rules.yml"): RuleGroup {
  const { groups, problems } = readRuleFile(file, yaml);
  const [group] = groups;
  if (problems.length > 0 || group === undefined) throw new Error(JSON.stringify(problems));
  return group;
}

/** A group of one rule, written as `expr` and the other keys. */
export function oneRule(expr: string, more = "", group = ""): RuleGroup {
  return groupOf(`groups: [{name: g, ${group} rules: [{alert: A, expr: '${expr}', ${more}}]}]`);
}

/** Windows that are whole up to now, until a test says otherwise. */
export class TestWindows implements WindowReader {
  readonly #clock: Clock;
  readonly #series = new Map<string, { readonly labels: Labels; readonly samples: (readonly [number, number])[] }>();
  /** How far behind they are, milliseconds. */
  lagMs = 0;
  warming = false;
  unavailable = false;
  refreshes = 0;
  /** Runs before each answer of `refresh`. */
  beforeRefresh: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a sample now. */
  set(labels: Readonly<Record<string, string>>, value: number): void {
    const key = JSON.stringify(labels);
    const series = this.#series.get(key) ?? { labels: labelsOf(labels), samples: [] };
    this.#series.set(key, series);
    series.samples.push([this.#clock.now(), value]);
  }

  async refresh(): Promise<Freshness> {
    this.refreshes++;
    this.beforeRefresh();
    if (this.unavailable) throw new Fault("unavailable", "no answer from redis");
    return { watermark: this.#clock.now() - this.lagMs, warming: this.warming };
  }

  async select(matchers: readonly Matcher[]): Promise<readonly SampleSeries[]> {
    // What is being refilled is empty at first: the worst that an evaluator may meet.
    if (this.warming) return [];
    return [...this.#series.values()]
      .filter(({ labels }) => matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name))))
      .map(({ labels, samples }) => ({
        labels,
        times: Float64Array.from(samples, ([time]) => time),
        values: Float64Array.from(samples, ([, value]) => value),
      }));
  }

  held() {
    return { series: this.#series.size, samples: 0 };
  }
}

/** Options of an evaluator of a group; what is told ends up in `told`. Samples count for a minute, so that they end when a test stops setting them. */
export function evaluatorOptions(
  group: RuleGroup,
  clock: FakeClock,
): GroupEvaluatorOptions & { readonly windows: TestWindows; readonly told: Notification[] } {
  const told: Notification[] = [];
  return {
    group,
    slots: { intervalMs: 60_000, offsetMs: 0 },
    windows: new TestWindows(clock),
    resendDelayMs: 60_000,
    lookbackMs: 60_000,
    externalUrl: "http://rondo",
    externalLabels: new Map(),
    clock,
    log: silentLog,
    meter: groupMeter(createRegistry(), { tenant: "t", file: group.file, group: group.name }),
    tell: (notifications) => void told.push(...notifications),
    told,
  };
}

/** What was told, as `firing{labels}` and `resolved{labels}`, without the alert's name. */
export function words(told: readonly Notification[]): readonly string[] {
  return told.map(({ resolved, posted: { labels } }) => {
    const others = Object.entries(labels).filter(([name]) => name !== "alertname");
    return `${resolved ? "resolved" : "firing"}{${others.map(([name, value]) => `${name}=${value}`).join(",")}}`;
  });
}

/** A state store that lives as long as the test. */
export function testState(clock: Clock): StateStore {
  return memoryBroker({ clock }).state;
}

/** Options of a whole worker without Alertmanagers. */
export function workerOptions(
  clock: FakeClock,
  given: Pick<AlertOptions, "tenants" | "state" | "leases"> & Partial<AlertOptions>,
): AlertOptions {
  return {
    settings: {
      alertmanagers: [],
      evaluationIntervalMs: 60_000,
      resendDelayMs: 60_000,
      lookbackMs: 300_000,
      externalUrl: "http://rondo",
      externalLabels: new Map(),
    },
    instance: "a",
    clock,
    random: () => 0.5,
    log: silentLog,
    registry: createRegistry(),
    readiness: new Readiness(clock),
    ...given,
  };
}
