/** The example's rules over the recorded run, in a process of their own: all are evaluated, nothing is wrong, and a restart loses nothing. */
import { expect, onTestFinished, test } from "vitest";
import { freePorts } from "../rig/free-port.ts";
import { choosePorts, type Ports, prepareRondo, type RondoProcess } from "../rig/rondo-process.ts";
import { testFolder } from "./road.ts";
import { RECORDING, runRondo } from "./run-rondo.ts";

const RULES = new URL("../../deploy/examples/alerting-rules.yml", import.meta.url).pathname;

/** By rule, how many series of the recorded run it reads: that has no database, nothing that was scraped, and another name for rounds. */
const INPUT_SERIES = {
  HighErrorRate: 1,
  TrainingJobStuck: 0,
  ClientDropout: 2,
  SystemResourceHigh: 2,
  ServiceDown: 0,
  DatabaseConnectionsHigh: 0,
};

const yaml = ({ grpc, http }: Ports, rules: number) => `
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}, http: {endpoint: "127.0.0.1:${http}"}}}
processors: {batch: {timeout: 100ms}}
exporters: {debug: {verbosity: basic}}
alerts: {rules: {default: ["${RULES}"]}, alertmanagers: [{url: "http://127.0.0.1:9"}], evaluation_interval: 1s, endpoint: "127.0.0.1:${rules}"}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [debug]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [debug]}
    logs: {receivers: [otlp], processors: [batch], exporters: [debug]}
`;

/** The part of a rule of `/api/v1/rules` that tells how it fares. */
interface ServedRule {
  readonly name: string;
  readonly state: string;
  readonly health: string;
  readonly evaluations: number;
  readonly inputSeries: number;
}

async function asked(port: number, path: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
  expect(answer.status).toBe(200);
  // Of that shape by Prometheus's API.
  return ((await answer.json()) as { readonly data: unknown }).data;
}

async function served(port: number): Promise<readonly ServedRule[]> {
  // Rondo's own answer, as docs and Prometheus's API have it.
  const { groups } = (await asked(port, "rules")) as { readonly groups: readonly { readonly rules: ServedRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

const fewest = (rules: readonly ServedRule[]) => Math.min(...rules.map(({ evaluations }) => evaluations));

/** How all rules fare, whatever they have been evaluated how often. */
async function standing(port: number) {
  const rules = await served(port);
  return Object.fromEntries(rules.map(({ name, state, health, inputSeries }) => [name, [health, state, inputSeries]]));
}

async function replay({ ports }: RondoProcess): Promise<void> {
  const to = ["--http", `http://127.0.0.1:${ports.http}`, "--grpc", `127.0.0.1:${ports.grpc}`];
  const { code } = await runRondo(["replay-recording", RECORDING, ...to, "--speed", "4"], { timeoutMs: 60_000 });
  expect(code).toBe(0);
}

test("six rules over the recorded run are healthy and inactive, also after a restart, which they survive", async () => {
  const ports = await choosePorts();
  const [rules = 0] = await freePorts(1);
  const rondo = prepareRondo(testFolder(), ports, yaml(ports, rules));
  onTestFinished(() => rondo.kill().catch(() => undefined));
  rondo.launch();
  await rondo.ready();
  await replay(rondo);
  const waited = { timeout: 40_000, interval: 250 };
  const wanted = Object.fromEntries(
    Object.entries(INPUT_SERIES).map(([name, count]) => [name, ["ok", "inactive", count]]),
  );
  await expect.poll(async () => fewest(await served(rules)), waited).toBeGreaterThanOrEqual(10);
  await expect.poll(() => standing(rules), waited).toEqual(wanted);
  expect(await asked(rules, "alerts")).toEqual({ alerts: [] });

  const before = fewest(await served(rules));
  expect(await rondo.stop()).toBe(0);
  rondo.launch();
  await rondo.ready();
  await expect.poll(async () => fewest(await served(rules)), waited).toBeGreaterThan(before);
  await expect.poll(() => standing(rules), waited).toEqual(wanted);
  expect(await asked(rules, "alerts")).toEqual({ alerts: [] });
  expect(await rondo.stop()).toBe(0);
});
