/** A file of results, a line of JSON for each round: parts of a run that was broken off add up, as long as the commit is the same. */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { BrokerKind, FaultId } from "./fault.ts";
import type { RoundResult } from "./rounds.ts";

/** A line of the file. */
export interface Kept extends Omit<RoundResult, "own" | "others"> {
  readonly commit: string;
  readonly seed: number;
  readonly long: boolean;
}

/** The commit of the sources that are run; with a `+` when they were changed since. */
export function commitOf(): string {
  const git = (...args: readonly string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();
  try {
    return git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain", "packages") === "" ? "" : "+");
  } catch {
    return "unknown";
  }
}

/** Appends a round. */
export function keepResult(
  file: string,
  { own: _, others: __, ...result }: RoundResult,
  of: Pick<Kept, "commit" | "seed" | "long">,
): void {
  appendFileSync(file, `${JSON.stringify({ ...of, ...result })}\n`);
}

const keyOf = ({ commit, broker, fault, seed, long, round }: Kept) =>
  [commit, broker, fault, seed, long, round].join(" ");

/** What a file has; of a round that was run more than once, the last. None where there is no file. */
export function keptResults(file: string): readonly Kept[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  // Written by `keepResult`.
  const all = lines.map((line) => JSON.parse(line) as Kept);
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/** Whether a round is there already. */
export function isKept(
  kept: readonly Kept[],
  of: Pick<Kept, "commit" | "broker" | "fault" | "seed" | "long" | "round">,
): boolean {
  return kept.some((one) => keyOf(one) === [of.commit, of.broker, of.fault, of.seed, of.long, of.round].join(" "));
}

/** The sums of a file: for each commit, broker and fault how many rounds passed, and what came twice. */
export function sumLines(kept: readonly Kept[]): readonly string[] {
  const rows = Map.groupBy(
    kept,
    ({ commit, broker, fault, long }) => `${commit} ${broker} ${fault}${long ? " long" : ""}`,
  );
  return [...rows].map(([name, rounds]) => `${name}: ${sumLine(rounds)}`);
}

/** How many rounds passed, and what came twice in them. */
export function sumLine(
  rounds: readonly Pick<RoundResult, "problems" | "again" | "raw" | "acked" | "refused" | "drainMs">[],
): string {
  const failed = rounds.filter(({ problems }) => problems.length > 0).length;
  const sum = (of: (round: (typeof rounds)[number]) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const [times, counted] = [0, 1].map((index) =>
    sum(({ again }) => Object.values(again).reduce((total, pair) => total + (pair[index] ?? 0), 0)),
  );
  const worst = Math.max(0, ...rounds.map(({ drainMs }) => drainMs));
  return (
    `${rounds.length - failed} passed, ${failed} failed; ${sum(({ acked }) => acked)} items acknowledged, ` +
    `${times} delivered again of ${counted} counted so, ${sum(({ raw }) => raw)} twice in the log, ` +
    `${sum(({ refused }) => refused)} refused for good; recovered within ${worst} ms`
  );
}

/** The command that repeats a round. */
export function reproduce(broker: BrokerKind, fault: FaultId, seed: number, round: number, long = false): string {
  const which = long ? `--long ${fault}` : `--fault ${fault} --from-round ${round} --rounds 1`;
  return `npm run chaos -- --broker ${broker} ${which} --seed ${seed}`;
}
