/** The whole worker on a clock that stands still: it must make of a bad day what plain code says is to be made of it, to the slot. */
import { readFile } from "node:fs/promises";
import { FakeClock } from "@rondo/testkit";
import { outage, PlayedWindows, spedUpRules, type Transition } from "@rondo/testkit/fleet";
import { localLeases } from "@rondo/windows";
import { expect, test } from "vitest";
import { testState, workerOptions } from "./alerts.cases.ts";
import type { RuleTransition } from "./group-evaluator.ts";
import { readRuleFile } from "./rule-file.ts";
import { startAlerts } from "./run.ts";
import { slotsOf } from "./slots.ts";

const RULES = await readFile(new URL("../../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");
const START = Date.UTC(2026, 0, 1);

/** Transitions in an order of their own, with what tells them apart. */
function comparable(all: readonly (RuleTransition | Transition)[], speed: number) {
  return all
    .map(({ at, group, alert, labels, from, to }) => {
      const pairs = Array.isArray(labels) ? labels : Object.entries(labels);
      return `${((at - START) * speed) / 60_000} min: ${group} ${alert}${JSON.stringify(pairs.toSorted())} ${from} → ${to}`;
    })
    .sort();
}

test.each([
  { seed: 1, speed: 1, restarts: [] },
  { seed: 2, speed: 1, restarts: [12, 35.5, 58] },
  { seed: 3, speed: 30, restarts: [] },
])(
  "the outage of seed $seed at speed $speed, with restarts at minutes $restarts",
  async ({ seed, speed, restarts }) => {
    const minute = 60_000 / speed;
    const clock = new FakeClock(START);
    const { groups, problems } = readRuleFile("alerting-rules.yml", spedUpRules(RULES, speed));
    expect(problems).toEqual([]);
    const offsetsMs = Object.fromEntries(
      groups.map((group) => [group.name, slotsOf("default", group, minute).offsetMs] as const),
    );
    const played = outage({ seed, startMs: START, speed, evaluation: { intervalMs: 60_000, offsetsMs } });
    const seen: RuleTransition[] = [];
    const windows = new PlayedWindows(played, clock);
    const state = testState(clock);
    const begin = () => {
      const options = workerOptions(clock, {
        tenants: [{ tenant: "default", groups, windows }],
        state,
        leases: localLeases(clock),
        onTransition: (transition) => void seen.push(transition),
      });
      const { settings } = options;
      const lookbackMs = settings.lookbackMs / speed;
      return startAlerts({ ...options, settings: { ...settings, evaluationIntervalMs: minute, lookbackMs } });
    };
    let worker = await begin();
    let at = 0;
    for (const restart of [...restarts, 90]) {
      await clock.advance((restart - at) * minute);
      at = restart;
      const closed = worker.close();
      await clock.advance(0);
      await closed;
      if (restart < 90) worker = await begin();
    }
    expect(seen.length).toBeGreaterThan(20);
    expect(comparable(seen, speed)).toEqual(comparable(played.truth.transitions, speed));
  },
);
