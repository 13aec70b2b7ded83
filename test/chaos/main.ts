/** `npm run chaos`: a line for every round, and `N passed, N failed` last. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { inTurn, type PlannedRound, runCampaign } from "./campaign.ts";
import { type BrokerKind, FAULT_IDS, type FaultCase } from "./fault.ts";
import { FAULTS, faultsOf, faultTable, matrixRounds } from "./faults/index.ts";
import { runMembers } from "./members-run.ts";
import { runOutage } from "./outage-run.ts";
import { spread } from "./progress.ts";
import { roundLines, sumUp } from "./report.ts";
import { commitOf, isKept, keepResult, keptResults, sumLines } from "./results.ts";
import type { RoundResult } from "./rounds.ts";
import { Soak } from "./soak.ts";

const USAGE = `usage: npm run chaos -- [--broker embedded|kafka3] [--rounds N] [--seed S] [--fault F1,F5] [--from-round K] [--results FILE]
       npm run chaos -- --long F3|F6|F7|F15 [--seed S] [--results FILE]
       npm run chaos -- --matrix --results FILE [--broker embedded|kafka3] [--fault F1,F5] [--seed S]
       npm run chaos -- --sum FILE      npm run chaos -- --table
       npm run chaos -- --soak MINUTES [--seed S]
       npm run chaos -- --outage SPEED [--break-every SECONDS] [--seed S]      npm run chaos -- --members SECONDS

Sends load into Rondo, breaks something at a moment and in a way that the seed decides, makes it whole, waits until everything has
been delivered, and compares the ledgers of clients and backends. --broker embedded, the default, is rondo up; kafka3 is two
gateways, two workers of two threads and two alert workers over three nodes of Kafka and a Redis, which they reach through proxies.
The N rounds are those of the faults named by --fault, or of all that meet the broker, in turn; K is the first round of each fault.
--results appends a line of JSON for every round; --matrix runs what a file lacks of the whole matrix for this commit, --sum adds
files up. --long runs the long case of a fault once. --soak runs random faults that end no process, and watches memory and files.
--outage replays the fleet's outage, SPEED times faster, with a break every so many seconds or none, and compares what Alertmanager
was told with the truth. --members lets workers come and go every half minute under 5,000 spans a second, and then two nodes of
Kafka. --keep leaves the folder with ledgers, logs and data.`;

/** The share of kills that must hit a request without an answer or an item that is not settled. */
const HITS = 0.8;

interface Outcome {
  readonly rounds: readonly { readonly problems: readonly string[] }[];
  /** What the run as a whole lacks, as sentences. */
  readonly misses: readonly string[];
}

/** What is common to everything that is asked for. */
interface Asked {
  readonly seed: number;
  readonly folder: string;
  readonly results: string | undefined;
}

async function campaign(
  asked: Asked,
  broker: BrokerKind,
  rounds: Iterable<PlannedRound>,
  soak?: Soak,
): Promise<Outcome> {
  const { seed, folder, results: file } = asked;
  const commit = commitOf();
  const results: RoundResult[] = [];
  const misses = await runCampaign({ broker, seed, folder, rounds }, (result, { long = false }, bench) => {
    results.push(result);
    for (const line of roundLines(seed, result, long)) console.log(line);
    if (file !== undefined) keepResult(file, result, { commit, seed, long });
    if (bench !== undefined) soak?.look(bench);
  });
  for (const line of [...sumUp(results), ...misses]) console.log(line);
  const kills = results.filter(({ hit }) => hit !== undefined);
  const few = kills.length >= 10 && kills.filter(({ hit }) => hit).length < HITS * kills.length;
  return { rounds: results, misses: [...misses, ...(few ? ["too few kills hit something"] : [])] };
}

/** What a file lacks of the matrix on these brokers, for this commit. */
async function matrix(asked: Asked, brokers: readonly BrokerKind[], only: readonly FaultCase[]): Promise<Outcome> {
  const commit = commitOf();
  const outcomes: Outcome[] = [];
  for (const broker of brokers) {
    const kept = asked.results === undefined ? [] : keptResults(asked.results);
    const rounds = only
      .flatMap((fault) => inTurn([fault], 0, matrixRounds(fault, broker)))
      .filter(
        ({ fault, round }) => !isKept(kept, { commit, broker, fault: fault.id, seed: asked.seed, long: false, round }),
      );
    if (rounds.length > 0)
      outcomes.push(await campaign({ ...asked, folder: join(asked.folder, broker) }, broker, rounds));
  }
  return { rounds: outcomes.flatMap((one) => one.rounds), misses: outcomes.flatMap((one) => one.misses) };
}

async function soakFor(asked: Asked, minutes: number): Promise<Outcome> {
  const soak = new Soak(performance.now() + minutes * 60_000);
  const outcome = await campaign(asked, "kafka3", soak.rounds(asked.seed), soak);
  const { lines, problems } = soak.findings();
  for (const line of [...lines, ...problems]) console.log(line);
  return { ...outcome, misses: [...outcome.misses, ...problems] };
}

async function outageOf({ seed, folder }: Asked, speed: number, breakEvery: number | undefined): Promise<Outcome> {
  const result = await runOutage({
    ...{ seed, speed, folder },
    ...(breakEvery !== undefined && { breakEveryMs: breakEvery * 1_000 }),
    said: (line) => console.log(line),
  });
  const { episodes, notifications, breaks, sent, problems } = result;
  console.log(`${sent}${breaks} breaks; ${episodes.length} episodes; ${notifications.length} notifications`);
  for (const problem of problems) console.log(`       ${problem}`);
  return { rounds: [result], misses: [] };
}

async function membersOf({ folder }: Asked, seconds: number): Promise<Outcome> {
  const said = (line: string) => console.log(line);
  const times = { forMs: seconds * 1_000, everyMs: 30_000 };
  const result = await runMembers({ folder, spansPerSecond: 5_000, ...times, nodes: 2, said });
  const { acked, delivered, repeated, rate, changes, stops, problems } = result;
  console.log(`${changes} changes; ${acked} spans acknowledged (${Math.round(rate)} a second), ${delivered} delivered`);
  console.log(`${repeated} delivered again; longest stops of the partitions ${spread(stops)}`);
  for (const problem of problems) console.log(`       ${problem}`);
  return { rounds: [result], misses: [] };
}

/** Sums of files; nothing is run. */
function sumOfFile(file: string): Outcome {
  const kept = keptResults(file);
  for (const line of sumLines(kept)) console.log(line);
  return { rounds: kept, misses: [] };
}

const isBroker = (name: string): name is BrokerKind => name === "embedded" || name === "kafka3";

/** The faults of those names; undefined when one is unknown. */
function faultsNamed(names: string | undefined): readonly FaultCase[] | undefined {
  if (names === undefined) return FAULT_IDS.map((id) => FAULTS[id]);
  const found = names.split(",").map((name) => FAULT_IDS.find((id) => id === name.trim().toUpperCase()));
  return found.includes(undefined) ? undefined : found.flatMap((id) => (id === undefined ? [] : [FAULTS[id]]));
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      broker: { type: "string" },
      rounds: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      fault: { type: "string" },
      "from-round": { type: "string", default: "0" },
      results: { type: "string" },
      long: { type: "string" },
      matrix: { type: "boolean", default: false },
      sum: { type: "string" },
      table: { type: "boolean", default: false },
      soak: { type: "string" },
      outage: { type: "string" },
      "break-every": { type: "string" },
      members: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [rounds = 0, seed = 0, from = 0] = [values.rounds, values.seed, values["from-round"]].map(Number);
  const { broker = "embedded" } = values;
  const [faults, longs] = [faultsNamed(values.fault), faultsNamed(values.long)];
  if (values.table) {
    console.log(faultTable());
    return 0;
  }
  const usable = isBroker(broker) && faults !== undefined && longs !== undefined;
  if (values.help || !usable || ![rounds, seed, from].every(Number.isSafeInteger)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const here = faults.filter((one) => one[broker] !== undefined);
  const lacking = values.long === undefined ? [] : longs.filter(({ long }) => long === undefined);
  if ((values.fault !== undefined && here.length < faults.length && !values.matrix) || lacking.length > 0) {
    const met = faultsOf(broker).map(({ id }) => id);
    console.log(
      lacking.length > 0 ? `${lacking[0]?.id} has no long case` : `${broker} meets the faults ${met.join(", ")}`,
    );
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "rondo-chaos-"));
  const asked: Asked = { seed, folder, results: values.results };
  const every = values["break-every"];
  const run = (): Promise<Outcome> | Outcome => {
    if (values.sum !== undefined) return sumOfFile(values.sum);
    if (values.members !== undefined) return membersOf(asked, Number(values.members));
    if (values.outage !== undefined)
      return outageOf(asked, Number(values.outage), every === undefined ? undefined : Number(every));
    if (values.soak !== undefined) return soakFor(asked, Number(values.soak));
    if (values.long !== undefined)
      return campaign(
        asked,
        "kafka3",
        longs.map((fault) => ({ fault, round: 0, long: true })),
      );
    if (values.matrix) return matrix(asked, values.broker === undefined ? ["embedded", "kafka3"] : [broker], faults);
    return campaign(asked, broker, inTurn(here, from, rounds));
  };
  const outcome = await run();
  const failed = outcome.rounds.filter(({ problems }) => problems.length > 0).length + outcome.misses.length;
  if ((failed > 0 && values.sum === undefined) || values.keep) console.log(`ledgers, logs and data are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  console.log(`${outcome.rounds.length - failed + outcome.misses.length} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

// What was started ends with us, by whatever we are ended.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();
