/**
 * An outage of a fleet, replayed in real time into a whole deployment whose alert workers tell a real Alertmanager of it, in
 * peace or while processes are killed and Redis is flushed. A proxy hears what Alertmanager was told.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { readRuleFile } from "@rondo/alerts";
import {
  type Episode,
  MINUTE,
  type Notification,
  notificationProblems,
  outage,
  recordingText,
  spedUpRules,
} from "@rondo/testkit/fleet";
import { slotsOf } from "../../packages/alerts/src/slots.ts";
import { runRondo } from "../e2e/run-rondo.ts";
import { serveHttp } from "../rig/otlp-server.ts";
import { notificationsOf } from "./beacon.ts";
import { breakSite } from "./breaks.ts";
import { plainYaml } from "./config.ts";
import { Opened, openSite, type Site } from "./kafka-site.ts";
import { breakText, outagePlan } from "./plan.ts";

const FILE = "alerting-rules.yml";
const RULES = readFileSync(new URL(`../../deploy/examples/${FILE}`, import.meta.url), "utf8");
const TENANT = "default";
const LENGTH_MS = 90 * MINUTE;

/** How far ahead the scenario's beginning is when the replay is started: it has to read the file first. */
const AHEAD_MS = 3_000;

/** What an outage is asked for. */
export interface OutageRunOptions {
  readonly seed: number;
  /** A divisor of 60,000: how often faster than described. */
  readonly speed: number;
  /** Time between two breaks, milliseconds; absent: nothing is broken. */
  readonly breakEveryMs?: number;
  readonly folder: string;
  /** Hears of each break. */
  readonly said?: (line: string) => void;
}

/** What came of it. */
export interface OutageResult {
  readonly episodes: readonly Episode[];
  readonly notifications: readonly Notification[];
  readonly intervalMs: number;
  readonly breaks: number;
  /** What was sent and acknowledged, as `rondo replay-recording` says it. */
  readonly sent: string;
  /** Empty when Alertmanager heard each episode once, within one interval of its truth, and nothing was given up. */
  readonly problems: readonly string[];
}

/** Plays it. Resolves when everything has ended. */
export async function runOutage(options: OutageRunOptions): Promise<OutageResult> {
  const { seed, speed, folder, breakEveryMs, said = () => undefined } = options;
  const intervalMs = MINUTE / speed;
  const text = spedUpRules(RULES, speed);
  const opened = new Opened();
  try {
    const sink = await opened.add(serveHttp(0, () => "accepted"));
    const site = await opened.add(
      openSite({
        folder,
        rules: { file: FILE, text },
        times: { interval: `${intervalMs}ms`, resend: `${intervalMs}ms`, lookback: `${5 * intervalMs}ms` },
        yaml: (ports, shared) => plainYaml(ports, sink.port, shared),
      }),
    );
    const { groups } = readRuleFile(FILE, text);
    const offsetsMs = Object.fromEntries(
      groups.map((group) => [group.name, slotsOf(TENANT, group, intervalMs).offsetMs]),
    );
    const startMs = Math.ceil((Date.now() + AHEAD_MS) / intervalMs) * intervalMs;
    const played = outage({ seed, startMs, speed, evaluation: { intervalMs: MINUTE, offsetsMs } });
    const recording = join(folder, "outage.ndjson.gz");
    writeFileSync(recording, gzipSync(recordingText(played.requests), { level: 1 }));
    await pause(Math.max(0, startMs - AHEAD_MS - Date.now()));
    const ended = replayInto(site, recording);
    const over = ended.then(() => false);
    let breaks = 0;
    if (breakEveryMs !== undefined) {
      const goesOn = () => Promise.race([over, pause(breakEveryMs, true)]);
      const until = startMs + LENGTH_MS / speed - breakEveryMs;
      while ((await goesOn()) && Date.now() < until) {
        const plan = outagePlan(seed, breaks++);
        said(`${breakText(plan.break)}${plan.flush ? ", Redis flushed" : ""}`);
        await breakSite(site, plan);
      }
    }
    const { code, out, err } = await ended;
    const { episodes } = played.truth;
    await untilResolved(site, episodes.length, startMs + LENGTH_MS / speed + 30_000);
    const notifications = notificationsOf(site.told.posts);
    const problems = [
      ...notificationProblems(episodes, notifications, intervalMs),
      ...(code === 0 ? [] : [`rondo replay-recording ended with ${code}: ${out}${err}`]),
    ];
    return { episodes, notifications, intervalMs, breaks, sent: out.replaceAll("\n", "; "), problems };
  } finally {
    await opened.close();
  }
}

/** Half of the senders know one gateway, half the other. */
function replayInto({ rondo }: Site, recording: string) {
  const [http, grpc] = [rondo.gateways[0]?.ports.http, rondo.gateways[1]?.ports.grpc];
  const to = ["--http", `http://127.0.0.1:${http}`, "--grpc", `127.0.0.1:${grpc}`];
  return runRondo(["replay-recording", recording, ...to, "--times", "keep", "--speed", "1"], {
    timeoutMs: LENGTH_MS,
  });
}

/** Waits until as many different alerts as there were episodes were told to be over, or it is too late for that. */
async function untilResolved({ told }: Site, episodes: number, deadline: number): Promise<void> {
  const ends = () =>
    new Set(
      notificationsOf(told.posts)
        .filter(({ at, endsAt }) => endsAt <= at)
        .map(({ labels, startsAt }) => JSON.stringify([labels, startsAt])),
    );
  while (ends().size < episodes && Date.now() < deadline) await pause(500);
}
