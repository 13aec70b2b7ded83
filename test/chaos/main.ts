/** `npm run chaos`: a line for every round, and `N passed, N failed` last. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hitSomething, type RoundResult, runRounds } from "./run.ts";

const USAGE = `usage: npm run chaos -- [--rounds N] [--seed S] [--from-round K] [--keep]

Sends load into rondo up, kills it with kill -9 at a moment that the seed decides, starts it again, waits until it has
drained, and compares the ledgers of clients and backends. --keep leaves the folder with ledgers, log and data.`;

/** The share of kills that must hit a request without an answer or a record that is not settled. */
const HITS = 0.8;

function lineOf(seed: number, result: RoundResult): string {
  const again = [...result.duplicates]
    .map(([name, times]) => `${name} ${times}/${result.redelivered.get(name)}`)
    .join(", ");
  const state = `${result.unanswered} unanswered, ${result.unsettled} unsettled`;
  return (
    `${result.problems.length === 0 ? "ok    " : "FAILED"} seed ${seed} round ${result.round}: killed ${result.moment} (${state}); ` +
    `acked ${result.acked} of ${result.sent}; again/counted: ${again}; drained in ${result.drainMs} ms`
  );
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      "from-round": { type: "string", default: "0" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [rounds, seed, from] = [values.rounds, values.seed, values["from-round"]].map(Number);
  if (values.help || ![rounds, seed, from].every(Number.isSafeInteger)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "rondo-chaos-"));
  const results: RoundResult[] = [];
  await runRounds({ seed: seed ?? 1, from: from ?? 0, rounds: rounds ?? 10, folder }, (result) => {
    results.push(result);
    console.log(lineOf(seed ?? 1, result));
    for (const problem of result.problems) console.log(`       ${problem}`);
  });
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  const hits = results.filter(hitSomething).length;
  const enough = hits >= HITS * results.length;
  console.log(
    `${hits} of ${results.length} kills hit a request without an answer or a record that was not settled${enough ? "" : ": too few"}`,
  );
  if (failed > 0 || values.keep) console.log(`ledgers, log and data are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  const misses = enough ? 0 : 1;
  console.log(`${results.length - failed} passed, ${failed + misses} failed`);
  return failed + misses > 0 ? 1 : 0;
}

process.exitCode = await main();
