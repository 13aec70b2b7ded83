/** `npm run chaos`: a line for every round, and `N passed, N failed` last. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type KafkaRoundResult, runKafkaRounds } from "./kafka-run.ts";
import { runMembers } from "./members-run.ts";
import { runOutage } from "./outage-run.ts";
import { spread } from "./progress.ts";
import { kafkaLineOf, lineOf, stopLines } from "./report.ts";
import { hitSomething, type RoundResult, type RunOptions, runRounds } from "./run.ts";

const USAGE = `usage: npm run chaos -- [--broker embedded|kafka3] [--rounds N] [--seed S] [--from-round K] [--keep]
       npm run chaos -- --outage SPEED [--break-every SECONDS] [--seed S] [--keep]
       npm run chaos -- --members SECONDS [--keep]

Sends load into Rondo, kills it with kill -9 at a moment that the seed decides, starts it again, waits until it has drained,
and compares the ledgers of clients and backends. --broker embedded, the default, is rondo up; kafka3 is two gateways, two
workers of two threads and two alert workers over three nodes of Kafka and a Redis, of which one process or node is broken at
a time. --outage replays the fleet's outage, SPEED times faster, into the same deployment, with a break every so many seconds
or none, and compares what Alertmanager was told with the truth. --members lets workers come and go every half minute under
5,000 spans a second, and then two nodes of Kafka, one after the other. --keep leaves the folder with ledgers, logs and data.`;

/** The share of kills that must hit a request without an answer or a record that is not settled. */
const HITS = 0.8;

interface Outcome {
  readonly rounds: readonly { readonly problems: readonly string[] }[];
  /** What the run as a whole lacks, as sentences. */
  readonly misses: readonly string[];
}

function reporter<R extends { readonly problems: readonly string[] }>(line: (result: R) => string) {
  const rounds: R[] = [];
  const report = (result: R) => {
    rounds.push(result);
    console.log(line(result));
    for (const problem of result.problems) console.log(`       ${problem}`);
  };
  return { rounds, report };
}

async function embedded(options: RunOptions): Promise<Outcome> {
  const { rounds, report } = reporter<RoundResult>((result) => lineOf(options.seed, result));
  await runRounds(options, report);
  const hits = rounds.filter(hitSomething).length;
  const enough = hits >= HITS * rounds.length;
  const said = `${hits} of ${rounds.length} kills hit a request without an answer or a record that was not settled`;
  console.log(`${said}${enough ? "" : ": too few"}`);
  return { rounds, misses: enough ? [] : ["too few kills hit something"] };
}

async function kafka3(options: RunOptions): Promise<Outcome> {
  const { rounds, report } = reporter<KafkaRoundResult>((result) => kafkaLineOf(options.seed, result));
  const misses = await runKafkaRounds(options, report);
  for (const line of [...stopLines(rounds), ...misses]) console.log(line);
  return { rounds, misses };
}

const BROKERS: Readonly<Record<string, (options: RunOptions) => Promise<Outcome>>> = { embedded, kafka3 };

async function outageOf({ seed, folder }: RunOptions, speed: number, breakEvery: number | undefined): Promise<Outcome> {
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

async function membersOf({ folder }: RunOptions, seconds: number): Promise<Outcome> {
  const said = (line: string) => console.log(line);
  const result = await runMembers({
    folder,
    spansPerSecond: 5_000,
    forMs: seconds * 1_000,
    everyMs: 30_000,
    nodes: 2,
    said,
  });
  const { acked, delivered, repeated, rate, changes, stops, problems } = result;
  console.log(`${changes} changes; ${acked} spans acknowledged (${Math.round(rate)} a second), ${delivered} delivered`);
  console.log(`${repeated} delivered again; longest stops of the partitions ${spread(stops)}`);
  for (const problem of problems) console.log(`       ${problem}`);
  return { rounds: [result], misses: [] };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      broker: { type: "string", default: "embedded" },
      rounds: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      "from-round": { type: "string", default: "0" },
      outage: { type: "string" },
      "break-every": { type: "string" },
      members: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [rounds = 0, seed = 0, from = 0] = [values.rounds, values.seed, values["from-round"]].map(Number);
  const run = BROKERS[values.broker];
  if (values.help || run === undefined || ![rounds, seed, from].every(Number.isSafeInteger)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "rondo-chaos-"));
  const options = { seed, from, rounds, folder };
  const every = values["break-every"];
  const asked = () => {
    if (values.members !== undefined) return membersOf(options, Number(values.members));
    if (values.outage === undefined) return run(options);
    return outageOf(options, Number(values.outage), every === undefined ? undefined : Number(every));
  };
  const outcome = await asked();
  const failed = outcome.rounds.filter(({ problems }) => problems.length > 0).length + outcome.misses.length;
  if (failed > 0 || values.keep) console.log(`ledgers, logs and data are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  console.log(`${outcome.rounds.length - failed + outcome.misses.length} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

// What was started ends with us, by whatever we are ended.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();
