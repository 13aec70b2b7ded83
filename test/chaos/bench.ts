/** A deployment under load with everything that judges it: on one machine, or over Kafka and Redis. Rounds are run on it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { runRondo } from "../e2e/run-rondo.ts";
import type { Sample } from "../rig/metrics-page.ts";
import { choosePorts, prepareRondo } from "../rig/rondo-process.ts";
import { BEACON_RULES, beaconProblems, notificationsOf, STEADY } from "./beacon.ts";
import { capturedLines } from "./capture.ts";
import { partitionClients } from "./clients.ts";
import { chaosYaml, DEBUG, OTLP, OTLP_HTTP } from "./config.ts";
import type { Named } from "./fault.ts";
import { Opened, openSite, PARTITIONS, roundaboutProblems, type Site } from "./kafka-site.ts";
import type { GatewayPorts, LoadClient } from "./load.ts";
import { mountOwnDisk, type OwnDisk } from "./own-disk.ts";
import { openTopics, type TopicFindings } from "./topics.ts";
import { EXPORTERS, openWrittenDown, RAW, type WrittenDown } from "./written-down.ts";

/** What both have. */
export interface Bench {
  readonly down: WrittenDown;
  readonly exporters: readonly string[];
  readonly processes: readonly Named[];
  readonly gateways: readonly GatewayPorts[];
  readonly clients?: readonly LoadClient[];
  /** What faults of this kind need beside what all have. */
  readonly more: Readonly<Record<string, unknown>>;
  /** Looks at the topics, and has the tally know of it. */
  readonly look?: () => Promise<TopicFindings>;
  readonly site?: Site;
  /** The metrics of every process. */
  metrics(): Promise<readonly Sample[]>;
  /** Whatever else must hold when everything has been delivered, as sentences. */
  settledProblems(): Promise<readonly string[]>;
  /** What Alertmanager was told that must not have been, as sentences, since the beginning. */
  toldProblems(): readonly string[];
  /** Ends it in order; what only the end shows, as sentences. */
  end(): Promise<readonly string[]>;
  /** Ends it at once. */
  close(): Promise<void>;
}

/** `rondo up`, on a disk of its own when it is to have one. */
export async function openEmbeddedBench(folder: string, seed: number, ownDisk = false): Promise<Bench> {
  mkdirSync(folder, { recursive: true });
  const opened = new Opened();
  try {
    const capture = join(folder, "debug.ndjson");
    // A captured line that a kill tore off is left out.
    const captured = { exporter: DEBUG, path: capture, lines: (line: string) => capturedLines(line) ?? [] };
    const down = await opened.add(
      openWrittenDown(folder, seed, { partitions: EMBEDDED_PARTITIONS, files: [captured], others: [] }),
    );
    const disk: OwnDisk | undefined = ownDisk ? await opened.add(mountOwnDisk(join(folder, "disk"))) : undefined;
    const ports = await choosePorts();
    const data = disk === undefined ? {} : { data: join(disk.folder, "data") };
    const rondo = prepareRondo(folder, ports, chaosYaml(ports, { ...down, capture }), data);
    await opened.add({ close: () => rondo.kill() });
    rondo.launch();
    await rondo.ready();
    return {
      down,
      exporters: [OTLP, OTLP_HTTP, DEBUG],
      processes: [{ name: "rondo up", process: rondo }],
      gateways: [ports],
      more: { rondo, ...(disk !== undefined && { resize: disk.resize }) },
      metrics: () => rondo.metrics(),
      settledProblems: async () => [],
      toldProblems: () => [],
      async end() {
        const code = await rondo.stop();
        return code === 0 ? [] : [`rondo up ended with code ${code}`];
      },
      close: () => opened.close(),
    };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}

/** What the embedded log has unless told otherwise. */
const EMBEDDED_PARTITIONS = 4;

/** Two gateways, two workers, two alert workers over three nodes of Kafka and a Redis, which they reach through proxies alone. */
export async function openKafkaBench(folder: string, seed: number): Promise<Bench> {
  const opened = new Opened();
  try {
    const down = await opened.add(openWrittenDown(folder, seed, { letters: true }));
    const site = await opened.add(
      openSite({
        folder,
        rules: { file: "beacon.yml", text: BEACON_RULES },
        times: { interval: "2s", resend: "5s", lookback: "60s" },
        yaml: (ports, shared) => chaosYaml(ports, down, shared),
      }),
    );
    const { ledgers } = down;
    // A letter may be seen before the refusal that it is about was read.
    const letters: (readonly [string, string])[] = [];
    const topics = await opened.add(
      openTopics(site.kafka.direct, {
        raw: (line) => ledgers.tally.delivered(RAW, line),
        letter: (exporter, line) => void letters.push([exporter, line]),
      }),
    );
    const look = async () => {
      const found = await topics.look();
      ledgers.read();
      for (const [exporter, line] of letters.splice(0)) ledgers.tally.setAside(exporter, line);
      return found;
    };
    const { rondo } = site;
    const name = (role: string) => (process: Named["process"], index: number) => ({
      name: `${role}-${index + 1}`,
      process,
    });
    return {
      down,
      exporters: EXPORTERS,
      processes: [
        ...rondo.gateways.map(name("gateway")),
        ...rondo.workers.map(name("worker")),
        ...rondo.alertWorkers.map(name("alerts")),
      ],
      gateways: rondo.gateways.map(({ ports }) => ports),
      clients: partitionClients(PARTITIONS),
      more: { site },
      look,
      site,
      metrics: () => rondo.metrics(),
      settledProblems: async () => [...(await accountProblems(site)), ...roundaboutProblems(site)],
      toldProblems: () => beaconProblems(notificationsOf(site.told.posts)),
      async end() {
        const firing = new Set((await site.alertmanager.alerts()).map(({ labels }) => labels["alertname"] ?? ""));
        const expected = STEADY.filter((alert) => !firing.has(alert));
        const codes = await rondo.stop();
        return [
          ...expected.map((alert) => `${alert} does not fire at Alertmanager in the end`),
          ...codes.flatMap((code, index) => (code === 0 ? [] : [`${rondo.all[index]?.data} ended with code ${code}`])),
        ];
      },
      close: () => opened.close(),
    };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}

/** What `rondo ledger` says, unless it says that the account balances and nothing is left. */
async function accountProblems({ rondo }: Site): Promise<readonly string[]> {
  const config = rondo.gateways[0]?.config ?? "";
  const { code, out, err } = await runRondo(["ledger", "--config", config], { timeoutMs: 60_000 });
  return code === 0 && !out.includes("not committed yet") ? [] : [`rondo ledger ended with ${code}: ${out}${err}`];
}
