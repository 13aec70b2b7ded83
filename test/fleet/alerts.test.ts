/**
 * The alert worker on a clock that the test moves: *outage* makes exactly the transitions of its truth, to the slot, and an
 * Alertmanager is told of each episode once. Everything is real but the clock and the windows.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type RuleGroup, readRuleFile, slotsOf, startAlerts } from "@rondo/alerts";
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
import { expect, onTestFinished, test } from "vitest";

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

/** An Alertmanager that only listens, and the URL where it does. */
async function listener(clock: FakeClock, heard: (notification: Notification) => void): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    for (const { labels, startsAt, endsAt } of JSON.parse(body)) {
      heard({ at: clock.now(), labels, startsAt: Date.parse(startsAt), endsAt: Date.parse(endsAt) });
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // A server that listens on a port has an address of this form.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The truth's order is by rule, the worker's by group: put both into one. */
function inOrder(transitions: readonly Omit<Transition, "value">[]) {
  return transitions
    .map(({ at, group, alert, labels, from, to }) => ({ at, group, alert, labels, from, to }))
    .toSorted((a, b) => a.at - b.at || a.alert.localeCompare(b.alert) || a.from.localeCompare(b.from));
}

/** Slots as the worker has them, by group. */
function offsets(groups: readonly RuleGroup[], intervalMs: number): Readonly<Record<string, number>> {
  return Object.fromEntries(groups.map((group) => [group.name, slotsOf(TENANT, group, intervalMs).offsetMs]));
}

/** Lets an outage happen in front of an alert worker. */
async function watch({ speed, startMs }: EventTime) {
  const clock = new FakeClock(startMs);
  const { groups, problems } = readRuleFile(FILE, spedUpRules(RULES, speed));
  expect(problems).toEqual([]);
  const intervalMs = MINUTE / speed;
  const evaluation = { intervalMs: MINUTE, offsetsMs: offsets(groups, intervalMs) };
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
