/**
 * The alert worker on a clock that the test moves: *outage* makes exactly the transitions of its truth, to the slot, and an
 * Alertmanager is told of each episode once. Everything is real but the clock and the windows.
 */
import { readFileSync } from "node:fs";
import { readRuleFile, startAlerts } from "@rondo/alerts";
import { silentLog } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { FakeClock, memoryBroker, seededRandom, settled } from "@rondo/testkit";
import {
  type EventTime,
  MINUTE,
  type Notification,
  notificationProblems,
  outage,
  PlayedWindows,
  spedUpRules,
  type Transition,
} from "@rondo/testkit/fleet";
import { localLeases } from "@rondo/windows";
import { expect, test } from "vitest";
import { inOrder, listener, slotOffsets } from "./outage-watch.ts";

const FILE = "alerting-rules.yml";
const RULES = readFileSync(new URL(`../../deploy/examples/${FILE}`, import.meta.url), "utf8");
const TENANT = "default";

/** How far the clock moves at once; shorter than anything here takes. */
const STEP_MS = 500;

/** Sockets are real: resolves when none is open any more, so that what was on its way has come before the clock moves on. */
async function quiet(): Promise<void> {
  await settled();
  while (process.getActiveResourcesInfo().some((name) => /^TCP(?!Server)/.test(name))) await settled();
}

/** Lets an outage happen in front of an alert worker. */
async function watch({ speed, startMs }: EventTime) {
  const clock = new FakeClock(startMs);
  const { groups, problems } = readRuleFile(FILE, spedUpRules(RULES, speed));
  expect(problems).toEqual([]);
  const intervalMs = MINUTE / speed;
  const evaluation = { intervalMs: MINUTE, offsetsMs: slotOffsets(groups, intervalMs) };
  const played = outage({ seed: 1, startMs, speed, evaluation });
  const made: Transition[] = [];
  const heard: Notification[] = [];
  const url = await listener(clock, (notification) => heard.push(notification));
  const worker = await startAlerts({
    settings: {
      alertmanagers: [{ url, timeoutMs: 10_000 }],
      evaluationIntervalMs: intervalMs,
      resendDelayMs: MINUTE / speed,
      lookbackMs: (5 * MINUTE) / speed,
      externalUrl: "http://rondo.example",
      externalLabels: new Map(),
    },
    tenants: [{ tenant: TENANT, groups, windows: new PlayedWindows(played, clock) }],
    state: memoryBroker({ clock }).state,
    leases: localLeases(clock),
    instance: "worker-1",
    clock,
    random: seededRandom(1),
    log: silentLog,
    registry: createRegistry(),
    readiness: new Readiness(clock),
    onTransition: ({ labels, ...rest }) => made.push({ ...rest, labels: Object.fromEntries(labels) }),
  });
  for (let passed = 0; passed <= (90 * MINUTE) / speed; passed += STEP_MS) {
    await clock.advance(STEP_MS);
    await quiet();
  }
  const closed = worker.close();
  await clock.advance(10_000);
  await closed;
  return { played, made, heard };
}

for (const speed of [1, 20])
  test(`at speed ${speed} every transition comes in its slot, and every episode is told once`, async () => {
    const { played, made, heard } = await watch({ startMs: Date.UTC(2026, 0, 1), speed });
    const { transitions, episodes } = played.truth;
    expect(inOrder(made)).toEqual(inOrder(transitions));
    expect(notificationProblems(episodes, heard, 0)).toEqual([]);
  });
