/**
 * Workers that come and go in order, every half minute, and then nodes of Kafka, while spans come in at a steady rate: nobody may
 * notice.
 */
import { setTimeout as pause } from "node:timers/promises";
import { runRondo } from "../e2e/run-rondo.ts";
import { grpcClient, httpClient } from "../rig/otlp-client.ts";
import { serveHttp } from "../rig/otlp-server.ts";
import { isDrained, totalsOf } from "./account.ts";
import { partitionClients, partitionOf } from "./clients.ts";
import { OTLP_HTTP, plainYaml } from "./config.ts";
import { Opened, openSite, PARTITIONS, type Site } from "./kafka-site.ts";
import { buildRequest, type GatewayPorts, type LoadClient } from "./load.ts";
import { Progress } from "./progress.ts";
import { type SpanFindings, SpanLedger } from "./span-ledger.ts";

/** What is asked for. */
export interface MembersOptions {
  readonly folder: string;
  readonly spansPerSecond: number;
  /** How long, and how often a worker comes or goes, milliseconds. */
  readonly forMs: number;
  readonly everyMs: number;
  /** How many nodes of Kafka are then stopped and started, one after the other. */
  readonly nodes: number;
  readonly said?: (line: string) => void;
}

/** What came of it. */
export interface MembersResult extends SpanFindings {
  readonly changes: number;
  /** Spans that were acknowledged in a second, on average. */
  readonly rate: number;
  /** The longest stop of each partition, milliseconds. */
  readonly stops: readonly number[];
}

const WORKERS = 3;
const SPANS = 50;
const TIMEOUT_MS = 5_000;
const AGAIN_MS = 100;
const DRAIN_MS = 60_000;
const NODE_AWAY_MS = 10_000;
/** In every stretch of this length each partition gets on. */
const PROGRESS_MS = 15_000;
const NO_RULES = "groups: []\n";

/** Runs it. Resolves when everything has ended. */
export async function runMembers(options: MembersOptions): Promise<MembersResult> {
  const { folder, forMs, everyMs, nodes, said = () => undefined } = options;
  const opened = new Opened();
  const ledger = new SpanLedger();
  const progress = new Progress();
  try {
    const sink = await opened.add(
      serveHttp(0, (signal, body) => {
        const at = performance.now();
        const partitions = [...ledger.delivered(OTLP_HTTP, body)].map((instance) => partitionOf(instance, PARTITIONS));
        for (const partition of new Set(partitions)) progress.note({ exporter: OTLP_HTTP, signal, partition }, at);
        return "accepted";
      }),
    );
    const site = await opened.add(
      openSite({
        folder,
        rules: { file: "none.yml", text: NO_RULES },
        times: { interval: "1m", resend: "1m", lookback: "5m" },
        yaml: (ports, shared) => plainYaml(ports, sink.port, shared),
        processes: { gateway: 2, worker: WORKERS, alerts: 0 },
      }),
    );
    const stop = new AbortController();
    const began = performance.now();
    const sending = sendSpans(site, ledger, options.spansPerSecond, stop.signal);
    let changes = 0;
    while (performance.now() < began + forMs) {
      await pause(Math.min(everyMs, began + forMs - performance.now()));
      if (performance.now() >= began + forMs) break;
      said(await change(site, changes++));
    }
    for (let index = 0; index < nodes; index++) {
      said(await withoutNode(site, index));
      await pause(PROGRESS_MS);
    }
    const ended = performance.now();
    stop.abort();
    await sending;
    const stops = progress.stops(began, ended).map(({ ms }) => ms);
    const problems = [...(await untilDrained(site)), ...(await accountProblems(site))];
    const longest = Math.max(...stops);
    if (longest > PROGRESS_MS) problems.push(`a partition stood still for ${Math.round(longest)} ms`);
    if (stops.length < PARTITIONS) problems.push(`only ${stops.length} of ${PARTITIONS} partitions delivered anything`);
    const findings = ledger.findings();
    const rate = (findings.acked * 1_000) / (ended - began);
    return { ...findings, changes, rate, stops, problems: [...problems, ...findings.problems] };
  } finally {
    await opened.close();
  }
}

/** One goes, and comes again with the next change; then it is the next one's turn. */
async function change({ rondo }: Site, number: number): Promise<string> {
  const index = Math.floor(number / 2) % WORKERS;
  const worker = rondo.workers[index];
  if (worker === undefined) throw new Error(`there is no worker ${index}`);
  if (number % 2 === 0) {
    const code = await worker.stop();
    if (code !== 0) throw new Error(`worker-${index + 1} ended with code ${code}:\n${worker.logTail()}`);
    return `worker-${index + 1} left`;
  }
  worker.launch();
  await worker.ready();
  return `worker-${index + 1} joined`;
}

/** A node is stopped in order, as for an upgrade, and comes back. */
async function withoutNode({ kafka }: Site, index: number): Promise<string> {
  const node = kafka.nodes[index];
  await node?.stop();
  await pause(NODE_AWAY_MS);
  await node?.start();
  await kafka.inSync();
  return `node ${index + 1} of Kafka was stopped and started`;
}

/** Two clients for each partition, each with one request at a time, at a pace that all together make the rate. */
async function sendSpans({ rondo }: Site, ledger: SpanLedger, rate: number, stop: AbortSignal): Promise<void> {
  const clients = partitionClients(PARTITIONS);
  const everyMs = (1_000 * SPANS * clients.length) / rate;
  let number = 0;
  const run = async ({ transport, instances }: LoadClient, index: number) => {
    const ports: GatewayPorts | undefined = rondo.gateways[index % rondo.gateways.length]?.ports;
    if (ports === undefined) throw new Error("there is no gateway");
    const client =
      transport === "grpc"
        ? grpcClient({ port: ports.grpc, timeoutMs: TIMEOUT_MS })
        : httpClient({ port: ports.http, timeoutMs: TIMEOUT_MS, connections: 1 });
    const began = performance.now() + (everyMs * index) / clients.length;
    for (let turn = 0; !stop.aborted; turn++) {
      await pause(Math.max(0, began + turn * everyMs - performance.now()));
      const instance = instances[turn % instances.length] ?? 0;
      const first = number;
      number += SPANS;
      ledger.sent(instance, first, SPANS);
      const answer = await client.send("traces", buildRequest("traces", 0, first, SPANS, instance));
      if (answer.kind === "accepted") ledger.acked(first);
      else await pause(AGAIN_MS);
    }
    client.close();
  };
  await Promise.all(clients.map(run));
}

async function untilDrained({ rondo }: Site): Promise<string[]> {
  const deadline = performance.now() + DRAIN_MS;
  for (let last = ""; performance.now() < deadline; ) {
    const samples = await rondo.metrics();
    const totals = isDrained(samples) ? totalsOf(samples) : "";
    if (totals !== "" && totals === last) return [];
    last = totals;
    await pause(500);
  }
  return [`not drained after ${DRAIN_MS} ms`];
}

/** What `rondo ledger` says unless the account balances. */
async function accountProblems({ rondo }: Site): Promise<readonly string[]> {
  const { code, out, err } = await runRondo(["ledger", "--config", rondo.gateways[0]?.config ?? ""], {
    timeoutMs: DRAIN_MS,
  });
  return code === 0 ? [] : [`rondo ledger ended with ${code}: ${out}${err}`];
}
