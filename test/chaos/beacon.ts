/**
 * A series that never ends, and rules about it: whatever is broken, what fires on it must go on firing and what fires without
 * it must stay silent.
 */
import { setTimeout as pause } from "node:timers/promises";
import { encodeRequest } from "@rondo/otlp/codec";
import type { Notification } from "@rondo/testkit/fleet";
import { httpClient } from "../rig/otlp-client.ts";
import type { RecordedPost } from "../rig/recording-proxy.ts";
import { identify, ledgerLine, STAMP_KEY } from "./identity.ts";
import type { LoadOptions } from "./load.ts";

const PERIOD_MS = 500;
const TIMEOUT_MS = 5_000;

/** Alerts that must fire once and never end. */
export const STEADY = ["BeaconOne", "BeaconTwo", "BeaconThree"] as const;
const GONE = "BeaconGone";

/** A group for each steady alert, so that several alert workers have some, each with one that must never fire. */
export const BEACON_RULES = `groups:
${STEADY.map(
  (alert) => `  - name: ${alert.toLowerCase()}
    rules:
      - {alert: ${alert}, expr: sum by (job) (chaos_beacon) > 0, for: 4s}
      - {alert: ${GONE}, expr: absent(chaos_beacon), for: 2s, labels: {group: ${alert}}}
`,
).join("")}`;

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

function beaconRequest(round: number, ms: number): Buffer {
  const time = BigInt(ms) * 1_000_000n;
  const resource = { attributes: [text("service.name", "beacon"), text("service.instance.id", "1")], entityRefs: [] };
  const point = {
    attributes: [text(STAMP_KEY, `${round}:beacon:${ms}:${ms}`)],
    timeUnixNano: time,
    asDouble: 1,
    exemplars: [],
  };
  const metrics = [{ name: "chaos_beacon", unit: "", metadata: [], gauge: { dataPoints: [point] } }];
  return Buffer.from(encodeRequest("metrics", { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }));
}

/** Starts the beacon; what `startLoad` says of clients and their ledgers holds for it. */
export function startBeacon({ gateways, round, sent, acked }: Omit<LoadOptions, "random">): { stop(): Promise<void> } {
  let stopping = false;
  const ways = gateways.map(({ http }) => httpClient({ port: http, timeoutMs: TIMEOUT_MS, connections: 1 }));
  const run = async () => {
    for (let at = 0; !stopping; ) {
      const body = beaconRequest(round, Date.now());
      const lines = identify("metrics", body, false).map((one) => ledgerLine("metrics", one));
      await sent.append(lines);
      const answer = await ways[at]?.send("metrics", body);
      if (answer?.kind === "accepted") await acked.append(lines);
      else at = (at + 1) % ways.length;
      await pause(PERIOD_MS);
    }
    for (const way of ways) way.close();
  };
  const running = run();
  return {
    stop() {
      stopping = true;
      return running;
    },
  };
}

/** The alerts in what was posted to an Alertmanager, in the order in which they came. */
export function notificationsOf(posts: readonly RecordedPost[]): readonly Notification[] {
  return posts
    .filter(({ path, status }) => path === "/api/v2/alerts" && status === 200)
    .flatMap(({ at, body }) => {
      // Of that shape by Alertmanager's API, or it would not have answered 200.
      const alerts = JSON.parse(body.toString()) as readonly {
        readonly labels: Readonly<Record<string, string>>;
        readonly startsAt: string;
        readonly endsAt: string;
      }[];
      return alerts.map(({ labels, startsAt, endsAt }) => ({
        at,
        labels,
        startsAt: Date.parse(startsAt),
        endsAt: Date.parse(endsAt),
      }));
    });
}

/**
 * What was told that must not have been, as sentences, each once. Before the beacon was seen for the first time it is truly
 * gone; what was told then does not count.
 */
export function beaconProblems(told: readonly Notification[]): readonly string[] {
  const first = new Map<string, number>();
  const problems = told.flatMap(({ at, labels, startsAt, endsAt }) => {
    const [alert = "", group = ""] = [labels["alertname"], labels["group"]];
    if (alert === GONE) {
      const seen = first.get(group);
      return seen !== undefined && startsAt > seen ? [`${GONE} of ${group} fired at ${startsAt}`] : [];
    }
    const began = first.get(alert) ?? startsAt;
    first.set(alert, began);
    if (endsAt <= at) return [`${alert} was resolved with the end ${endsAt}`];
    return startsAt === began ? [] : [`${alert} fired anew at ${startsAt}, after ${began}`];
  });
  return [...new Set(problems)];
}
