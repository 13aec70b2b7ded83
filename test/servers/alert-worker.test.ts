/** The alert worker before a real Alertmanager, in real time but sped up: what that is told, over restarts and lost leases. */
import { readFileSync } from "node:fs";
import { readRuleFile, slotsOf, startAlerts } from "@rondo/alerts";
import { silentLog, systemClock } from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { memoryBroker, seededRandom } from "@rondo/testkit";
import { MINUTE, notificationProblems, outage, PlayedWindows, spedUpRules } from "@rondo/testkit/fleet";
import { RedisConnection, redisLeases } from "@rondo/windows/redis";
import { expect, onTestFinished } from "vitest";
import { needs } from "../needs.ts";
import { postedAlerts } from "../rig/posted-alerts.ts";
import { startRecordingProxy } from "../rig/recording-proxy.ts";
import { startAlertmanager, startRedis } from "../rig/servers/index.ts";

/** 90 minutes in 54 seconds; every duration of the rules is whole milliseconds then. */
const SPEED = 100;

const RULES = readFileSync(new URL("../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");

/** Minutes of the scenario at which something happens. */
const RESTARTS = [
  [26, 0],
  [47, 1],
] as const;
const FLUSHES = [12, 33, 55, 66, 80];

needs("alertmanager", "redis")(
  "two replicas tell Alertmanager of an outage episode by episode, while they restart and Redis loses their leases",
  async () => {
    const [server, redis] = await Promise.all([startAlertmanager(), startRedis()]);
    const proxy = await startRecordingProxy({ target: server.port });
    const clock = systemClock;
    const connection = new RedisConnection({ url: redis.url, clock, random: seededRandom(7) });
    onTestFinished(async () => {
      await connection.close();
      await proxy.close();
      await Promise.all([server.close(), redis.close()]);
    });
    const { groups, problems } = readRuleFile("alerting-rules.yml", spedUpRules(RULES, SPEED));
    expect(problems).toEqual([]);
    const startMs = clock.now() + 500;
    const intervalMs = MINUTE / SPEED;
    const offsetsMs = Object.fromEntries(groups.map((one) => [one.name, slotsOf("default", one, intervalMs).offsetMs]));
    const played = outage({ seed: 4, startMs, speed: SPEED, evaluation: { intervalMs: MINUTE, offsetsMs } });
    const { state } = memoryBroker({ clock });
    const start = (replica: number) =>
      startAlerts({
        settings: {
          alertmanagers: [{ url: proxy.url, timeoutMs: 10_000 }],
          evaluationIntervalMs: intervalMs,
          // Four of them, which is how long Alertmanager believes in an alert, outlast a change of owner.
          resendDelayMs: 4_000,
          lookbackMs: (5 * MINUTE) / SPEED,
          externalUrl: "http://rondo.example",
          externalLabels: new Map(),
        },
        tenants: [{ tenant: "default", groups, windows: new PlayedWindows(played, clock) }],
        ...{ state, leases: redisLeases(connection), instance: `worker-${replica}`, clock, log: silentLog },
        random: seededRandom(replica),
        registry: createRegistry(),
        readiness: new Readiness(clock),
      });
    const workers = await Promise.all([start(0), start(1)]);
    const until = (minutes: number) =>
      new Promise((resolve) => setTimeout(resolve, startMs + (minutes * MINUTE) / SPEED - clock.now()));
    const flushing = (async () => {
      for (const minute of FLUSHES) {
        await until(minute);
        expect(await redis.command("FLUSHALL")).toBe("+OK");
      }
    })();
    for (const [minute, replica] of RESTARTS) {
      await until(minute);
      await workers[replica]?.close();
      workers[replica] = await start(replica);
    }
    await until(60);
    const firing = async () => (await server.alerts()).map(({ labels }) => labels["alertname"]).sort();
    const due = played.truth.episodes.filter(
      ({ startsAt, endsAt = Infinity }) => startsAt <= clock.now() && endsAt > clock.now(),
    );
    await expect.poll(firing).toEqual(due.map(({ labels }) => labels["alertname"]).sort());
    await flushing;
    await until(92);
    await Promise.all(workers.map((worker) => worker.close()));
    expect(proxy.posts.every(({ status }) => status === 200)).toBe(true);
    expect(notificationProblems(played.truth.episodes, postedAlerts(proxy.posts), 0)).toEqual([]);
    for (const { at, startsAt } of postedAlerts(proxy.posts)) expect(at).toBeGreaterThanOrEqual(startsAt);
  },
);
