/** The alert worker before a real Alertmanager, in real time but sped up: what it is told, what it makes of it, and what it loses. */
import { readFileSync } from "node:fs";
import { type AlertWorker, readRuleFile, slotsOf, startAlerts } from "@rondo/alerts";
import { silentLog, systemClock } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { memoryBroker, seededRandom } from "@rondo/testkit";
import { MINUTE, notificationProblems, outage, PlayedWindows, spedUpRules } from "@rondo/testkit/fleet";
import { localLeases } from "@rondo/windows";
import { expect, onTestFinished } from "vitest";
import { needs } from "../needs.ts";
import { postedAlerts } from "../rig/posted-alerts.ts";
import { startRecordingProxy } from "../rig/recording-proxy.ts";
import { startAlertmanager } from "../rig/servers/index.ts";

/** 90 minutes in 54 seconds; every duration of the rules is whole milliseconds then. */
const SPEED = 100;

const RULES = readFileSync(new URL("../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");

needs("alertmanager")("an outage is told to Alertmanager episode by episode, over restarts of both", async () => {
  const server = await startAlertmanager();
  const proxy = await startRecordingProxy({ target: server.port });
  onTestFinished(async () => {
    await proxy.close();
    await server.close();
  });
  const { groups, problems } = readRuleFile("alerting-rules.yml", spedUpRules(RULES, SPEED));
  expect(problems).toEqual([]);
  const clock = systemClock;
  const startMs = clock.now() + 500;
  const intervalMs = MINUTE / SPEED;
  const offsetsMs = Object.fromEntries(groups.map((one) => [one.name, slotsOf("default", one, intervalMs).offsetMs]));
  const played = outage({ seed: 4, startMs, speed: SPEED, evaluation: { intervalMs: MINUTE, offsetsMs } });
  const { state } = memoryBroker({ clock });
  const windows = new PlayedWindows(played, clock);
  const start = () =>
    startAlerts({
      settings: {
        alertmanagers: [{ url: proxy.url, timeoutMs: 10_000 }],
        evaluationIntervalMs: intervalMs,
        // Long enough that four of them outlast an absence of Alertmanager or of the worker.
        resendDelayMs: 1_000,
        lookbackMs: (5 * MINUTE) / SPEED,
        externalUrl: "http://rondo.example",
        externalLabels: new Map(),
      },
      tenants: [{ tenant: "default", groups, windows }],
      ...{ state, leases: localLeases(clock), instance: "worker-1", clock, random: seededRandom(1), log: silentLog },
      registry: createRegistry(),
      readiness: new Readiness(clock),
    });
  let worker: AlertWorker = await start();
  const until = (minutes: number) =>
    new Promise((resolve) => setTimeout(resolve, startMs + (minutes * MINUTE) / SPEED - clock.now()));
  const firing = async () => (await server.alerts()).map(({ labels }) => labels["alertname"]).sort();
  for (const restart of [26, 47]) {
    await until(restart);
    await worker.close();
    worker = await start();
  }
  await until(60);
  const due = played.truth.episodes.filter(
    (one) => one.startsAt <= clock.now() && (one.endsAt ?? Infinity) > clock.now(),
  );
  await expect.poll(firing).toEqual(due.map(({ labels }) => labels["alertname"]).sort());
  await until(92);
  await worker.close();
  expect(proxy.posts.every(({ status }) => status === 200)).toBe(true);
  expect(notificationProblems(played.truth.episodes, postedAlerts(proxy.posts), 0)).toEqual([]);
  for (const { at, startsAt } of postedAlerts(proxy.posts)) expect(at).toBeGreaterThanOrEqual(startsAt);
});
