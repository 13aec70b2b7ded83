/**
 * A run over Kafka and Redis: rounds of load in each of which something is killed, frozen or gone for a while, each ended by
 * the same comparison as on one machine, over all processes. What a round did and found is a value.
 */
import { setTimeout as pause } from "node:timers/promises";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { runRondo } from "../e2e/run-rondo.ts";
import { type Sample, sumOf } from "../rig/metrics-page.ts";
import { seededRandom } from "../rig/random.ts";
import { checkAccount, type Delivered, isDrained, totalsOf } from "./account.ts";
import { BEACON_RULES, beaconProblems, notificationsOf, STEADY, startBeacon } from "./beacon.ts";
import { breakSite } from "./breaks.ts";
import { partitionClients } from "./clients.ts";
import { chaosYaml } from "./config.ts";
import { Opened, openSite, PARTITIONS, type Site } from "./kafka-site.ts";
import { compareLedgers, redeliveredOf } from "./ledgers.ts";
import { startLoad } from "./load.ts";
import { roadOwners } from "./owners.ts";
import { type Plan, planOf } from "./plan.ts";
import type { RunOptions } from "./run.ts";
import type { Findings } from "./tally.ts";
import { openTopics, type TopicFindings, type Topics } from "./topics.ts";
import { EXPORTERS, openWrittenDown, RAW, type WrittenDown } from "./written-down.ts";

/** What came of one round over Kafka. */
export interface KafkaRoundResult {
  readonly round: number;
  readonly plan: Plan;
  /** Over the whole run so far. */
  readonly sent: number;
  readonly acked: number;
  readonly duplicates: ReadonlyMap<string, number>;
  readonly redelivered: ReadonlyMap<string, number>;
  /** Longest stops of the roads that the victim had a part in, and of the others, milliseconds; empty unless apart. */
  readonly victims: readonly number[];
  readonly others: readonly number[];
  /** Enriched records of this round that stand there twice. */
  readonly repeated: number;
  /** From the start of a killed process to its readiness; undefined where nothing was started. */
  readonly readyMs: number | undefined;
  readonly drainMs: number;
  /** Empty when the round holds. */
  readonly problems: readonly string[];
}

/** Between two breaks of which the second is apart, milliseconds. */
const APART_MS = 14_000;
/** Load that goes on after the end of a break in a round that is measured. */
const AFTER_MS = 3_000;
const DRAIN_MS = 90_000;

/** Runs the rounds, handing each result over as it is known; resolves when everything has ended. */
export async function runKafkaRounds(
  options: RunOptions,
  report: (result: KafkaRoundResult) => void,
): Promise<readonly string[]> {
  const { folder, seed, from, rounds } = options;
  const opened = new Opened();
  try {
    const down = await opened.add(openWrittenDown(folder, seed));
    const site = await opened.add(
      openSite({
        folder,
        rules: { file: "beacon.yml", text: BEACON_RULES },
        times: { interval: "2s", resend: "5s", lookback: "60s" },
        yaml: (ports, shared) => chaosYaml(ports, down, shared),
      }),
    );
    const onRaw = (line: string) => down.ledgers.tally.delivered(RAW, line);
    const topics = await opened.add(openTopics(site.kafka.brokers, onRaw));
    const run = new Rounds({ site, down, topics, seed });
    for (let round = from; round < from + rounds; round++) report(await run.run(round));
    return await run.end();
  } finally {
    await opened.close();
  }
}

/** What rounds are run with. */
interface Around {
  readonly site: Site;
  readonly down: WrittenDown;
  readonly topics: Topics;
  readonly seed: number;
}

class Rounds {
  readonly #site: Site;
  readonly #down: WrittenDown;
  readonly #topics: Topics;
  readonly #seed: number;
  readonly #clients = partitionClients(PARTITIONS);
  #lastBreak: number | undefined;
  /** Problems with what Alertmanager was told that are already said. */
  #told = 0;
  #looked: TopicFindings = { repeated: 0, gaps: [] };
  /** A node of Kafka was gone in this run: what a gateway had to repeat then may stand in the log twice. */
  #brokerBroke = false;

  constructor({ site, down, topics, seed }: Around) {
    this.#site = site;
    this.#down = down;
    this.#topics = topics;
    this.#seed = seed;
  }

  async run(round: number): Promise<KafkaRoundResult> {
    const plan = planOf(this.#seed, round);
    const { rondo, kafka } = this.#site;
    const { ledgers, progress } = this.#down;
    const { sent, acked, tally } = ledgers;
    const gateways = rondo.gateways.map(({ ports }) => ports);
    const random = seededRandom(this.#seed * 7_000_003 + round);
    const load = startLoad({ gateways, clients: this.#clients, round, random, sent, acked });
    const beacon = startBeacon({ gateways, round, sent, acked });
    const calmMs = plan.apart && this.#lastBreak !== undefined ? this.#lastBreak + APART_MS - performance.now() : 0;
    await pause(Math.max(plan.loadMs, calmMs));
    const owners = plan.apart ? await roadOwners(kafka.brokers, EXPORTERS) : undefined;
    progress.forget(performance.now() - 1_000);
    if (plan.break.kind === "broker") this.#brokerBroke = true;
    const broken = await breakSite(this.#site, plan);
    this.#lastBreak = performance.now();
    await pause(plan.apart ? AFTER_MS : plan.loadMs);
    const until = performance.now();
    await Promise.all([load.stop(), beacon.stop()]);
    const stops = owners === undefined ? [] : progress.stops(broken.at, Math.max(broken.until, until - 500));
    const victim = nameOf(plan);
    const isVictims = (stop: (typeof stops)[number]) =>
      owners?.(stop.road).some((client) => client.startsWith(`rondo/${victim}/`)) === true;
    await Promise.all(rondo.all.map((one) => one.ready()));
    const before = this.#looked;
    const settled = await this.#settle();
    const repeated = this.#looked.repeated - before.repeated;
    const gaps = this.#looked.gaps.slice(before.gaps.length);
    const problems = [...settled.problems, ...gaps, ...tally.disorder()];
    const told = beaconProblems(notificationsOf(this.#site.told.posts));
    problems.push(...told.slice(this.#told));
    this.#told = told.length;
    if (load.accepted === 0) problems.push("nothing was accepted: the round shows nothing");
    if (repeated > repeatable(plan)) problems.push(`${repeated} enriched records were written twice`);
    const findings = tally.findings();
    const inLog = findings.duplicates.get(RAW) ?? 0;
    if (inLog > 0 && !this.#brokerBroke) problems.push(`${inLog} items stand in the raw topics twice`);
    return {
      ...{ round, plan, sent: findings.sent, acked: findings.acked, duplicates: findings.duplicates },
      redelivered: settled.redelivered,
      victims: stops.filter(isVictims).map(({ ms }) => ms),
      others: stops.filter((stop) => !isVictims(stop)).map(({ ms }) => ms),
      ...{ repeated, readyMs: broken.readyMs, drainMs: settled.ms },
      problems: problems.length > 0 ? [...problems, ...findings.examples] : [],
    };
  }

  /** What only the end shows. */
  async end(): Promise<readonly string[]> {
    const firing = new Set((await this.#site.alertmanager.alerts()).map(({ labels }) => labels["alertname"] ?? ""));
    const expected = STEADY.filter((alert) => !firing.has(alert));
    const codes = await this.#site.rondo.stop();
    return [
      ...expected.map((alert) => `${alert} does not fire at Alertmanager in the end`),
      ...codes.flatMap((code, index) =>
        code === 0 ? [] : [`${this.#site.rondo.all[index]?.data} ended with code ${code}`],
      ),
    ];
  }

  /** Waits until the account of all processes agrees with the ledgers; what does not in time, is a problem. */
  async #settle() {
    const { rondo } = this.#site;
    const { ledgers } = this.#down;
    const began = performance.now();
    let last = "";
    for (;;) {
      const samples = await rondo.metrics();
      ledgers.read();
      this.#looked = await this.#topics.look();
      const findings = ledgers.tally.findings();
      const redelivered = redeliveredOf(samples, EXPORTERS);
      const totals = isDrained(samples) ? totalsOf(samples) : "";
      const isQuiet = totals !== "" && totals === last;
      last = totals;
      const problems = [
        ...checkAccount(samples, owedBy(findings)),
        ...compareLedgers(findings, redelivered, findings.duplicates.get(RAW)),
      ];
      const ms = Math.round(performance.now() - began);
      if (isQuiet && problems.length === 0) {
        const account = await this.#accountProblems();
        if (account.length === 0) return { ms, problems: account, redelivered };
        problems.push(...account);
      }
      if (ms > DRAIN_MS) {
        const left = `${sumOf(samples, "rondo_items_in_flight")} items in flight, unread records: ${lagging(samples)}`;
        return { ms, problems: [...(isQuiet ? [] : [`not drained: ${left}`]), ...problems], redelivered };
      }
      await pause(400);
    }
  }

  /** What `rondo ledger` says, unless it says that the account balances and nothing is left. */
  async #accountProblems(): Promise<readonly string[]> {
    const config = this.#site.rondo.gateways[0]?.config ?? "";
    const { code, out, err } = await runRondo(["ledger", "--config", config], { timeoutMs: 60_000 });
    return code === 0 && !out.includes("not committed yet") ? [] : [`rondo ledger ended with ${code}: ${out}${err}`];
  }
}

/** What each exporter has to have delivered: the different items that it did, and what stands in the log once more. */
function owedBy({ delivered, repeats }: Findings): Delivered {
  const again = repeats.get(RAW);
  return new Map(
    EXPORTERS.map((name) => {
      const once = delivered.get(name);
      const owed = (signal: Signal) => (once?.[signal] ?? 0) + (again?.[signal] ?? 0);
      return [name, { traces: owed("traces"), metrics: owed("metrics"), logs: owed("logs") }];
    }),
  );
}

/** The process that a round breaks, by its name; no process has the one of a broker. */
function nameOf({ break: how }: Plan): string {
  if (how.kind === "broker") return "none";
  return `${how.kind === "freeze" ? "worker" : how.victim}-${how.index + 1}`;
}

/**
 * How many enriched records a round may leave in the log twice, for readers to skip. Replicas may still be taking what a killed
 * worker had on its way – one append a partition and signal – when its successor, started at once, looks for the end.
 */
function repeatable({ break: broken, again }: Plan): number {
  if (broken.kind === "broker") return Number.POSITIVE_INFINITY;
  const killed = [
    ...(broken.kind === "restart" ? [broken.victim] : []),
    ...(again === undefined ? [] : [again.victim]),
  ];
  return killed.includes("worker") ? PARTITIONS * SIGNALS.length : 0;
}

/** Which groups are behind by how many records, as each process that was asked sees it. */
function lagging(samples: readonly Sample[]): string {
  return samples
    .filter(({ name, value }) => name === "rondo_log_lag_records" && value > 0)
    .map(({ labels, value }) => `${labels.get("pipeline")}/${labels.get("component")} ${value}`)
    .join(", ");
}
