/**
 * *outage* in real time, sixty times as fast: a process of its own takes the requests, keeps the windows, evaluates the rules and
 * tells a real Alertmanager – of each episode once, and within one interval of when it is due.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readRuleFile } from "@rondo/alerts";
import { type FleetRequest, MINUTE, notificationProblems, outage, spedUpRules } from "@rondo/testkit/fleet";
import { expect, onTestFinished } from "vitest";
import { needs } from "../needs.ts";
import { freePorts } from "../rig/free-port.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { postedAlerts } from "../rig/posted-alerts.ts";
import { startRecordingProxy } from "../rig/recording-proxy.ts";
import { choosePorts, prepareRondo } from "../rig/rondo-process.ts";
import { startAlertmanager } from "../rig/servers/index.ts";
import { slotOffsets } from "./outage-watch.ts";

/** 90 minutes in 90 seconds. */
const SPEED = 60;
const INTERVAL_MS = MINUTE / SPEED;
/** How long before its time a request is sent: windows are as new as what has arrived, and a busy machine sends late. */
const EARLY_MS = 2_000;

const FILE = "alerting-rules.yml";
const RULES = spedUpRules(readFileSync(new URL(`../../deploy/examples/${FILE}`, import.meta.url), "utf8"), SPEED);

/** Every duration of the alerts' section is that much shorter. */
const yaml = (http: number, rules: number, alertmanager: string) => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}}
processors: {batch: {timeout: 20ms}}
exporters: {prometheus: {endpoint: "127.0.0.1:0"}}
broker: {embedded: {partitions: 2}}
alerts:
  rules: {default: [${FILE}]}
  alertmanagers: [{url: "${alertmanager}"}]
  evaluation_interval: ${INTERVAL_MS}ms
  resend_delay: ${INTERVAL_MS}ms
  lookback_delta: ${(5 * MINUTE) / SPEED}ms
  endpoint: "127.0.0.1:${rules}"
service: {pipelines: {metrics: {receivers: [otlp], processors: [batch], exporters: [prometheus]}}}
`;

/** Sends what is due together as one request: OTLP's messages are joined by their bytes. Answers what was not accepted. */
async function send(requests: readonly FleetRequest[], startMs: number, port: number): Promise<readonly string[]> {
  const client = httpClient({ port, timeoutMs: 10_000 });
  const answers: Promise<string>[] = [];
  for (const [t, due] of Map.groupBy(requests, (request) => request.t)) {
    await pause(Math.max(0, startMs + t * 1_000 - EARLY_MS - Date.now()));
    const body = Buffer.concat(due.map((request) => request.body));
    answers.push(client.send("metrics", body).then((answer) => (answer.kind === "accepted" ? "" : answer.text)));
  }
  const refused = (await Promise.all(answers)).filter((text) => text !== "");
  client.close();
  return refused;
}

needs("alertmanager")(
  "an outage in real time is told to Alertmanager episode by episode",
  async () => {
    const alertmanager = await startAlertmanager();
    onTestFinished(() => alertmanager.close());
    const proxy = await startRecordingProxy({ target: alertmanager.port });
    onTestFinished(() => proxy.close());
    const folder = mkdtempSync(join(tmpdir(), "rondo-fleet-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, FILE), RULES);
    const [rules = 0] = await freePorts(1);
    const ports = await choosePorts();
    const rondo = prepareRondo(folder, ports, yaml(ports.http, rules, proxy.url));
    rondo.launch();
    onTestFinished(() => rondo.kill().catch(() => undefined));
    await rondo.ready();

    const startMs = Date.now() + EARLY_MS;
    const offsetsMs = slotOffsets(readRuleFile(FILE, RULES).groups, INTERVAL_MS);
    const evaluation = { intervalMs: MINUTE, offsetsMs };
    const { requests, truth } = outage({ seed: 1, startMs, speed: SPEED, evaluation });
    const metrics = requests.filter(({ signal }) => signal === "metrics");
    expect(await send(metrics, startMs, ports.http)).toEqual([]);
    const differences = () => notificationProblems(truth.episodes, postedAlerts(proxy.posts), INTERVAL_MS);
    await expect.poll(differences, { timeout: 15_000, interval: 500 }).toEqual([]);
    expect(proxy.posts.every(({ status }) => status === 200)).toBe(true);
    await expect.poll(() => alertmanager.alerts()).toEqual([]);
    const pages = await fetch(`http://127.0.0.1:${rules}/api/v1/alerts`);
    expect(await pages.json()).toMatchObject({ data: { alerts: [] } });
    expect(await rondo.stop()).toBe(0);
  },
  180_000,
);
