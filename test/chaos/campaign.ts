/** Rounds of several faults on one broker: each bench is opened when it is first needed, and anew after a round that failed. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Bench, openEmbeddedBench, openKafkaBench } from "./bench.ts";
import type { AloneFindings, BrokerKind, FaultCase } from "./fault.ts";
import { chances, type RoundResult, Rounds } from "./rounds.ts";

/** What is to be run. */
export interface CampaignOptions {
  readonly broker: BrokerKind;
  readonly seed: number;
  /** A folder for ledgers, logs and data. */
  readonly folder: string;
  /** The rounds in their order; `long` is the long case of a fault. */
  readonly rounds: Iterable<PlannedRound>;
}

/** One round that is to be run. */
export interface PlannedRound {
  readonly fault: FaultCase;
  readonly round: number;
  readonly long?: boolean;
}

/** `rounds` rounds of these faults, in turn, each fault's own numbers from `from` on. */
export function inTurn(faults: readonly FaultCase[], from: number, rounds: number): readonly PlannedRound[] {
  return Array.from({ length: rounds }, (_, index) => index).flatMap((index) => {
    const fault = faults[index % faults.length];
    return fault === undefined ? [] : [{ fault, round: from + Math.floor(index / faults.length) }];
  });
}

/** Runs them, handing each result over as it is known; resolves to what only the end showed, as sentences. */
export async function runCampaign(
  options: CampaignOptions,
  report: (result: RoundResult, planned: PlannedRound, bench: Bench | undefined) => void,
): Promise<readonly string[]> {
  const { broker, seed, folder } = options;
  const open = new Map<string, { readonly bench: Bench; readonly rounds: Rounds }>();
  let opened = 0;
  const onBench = async (ownDisk: boolean) => {
    const key = ownDisk ? "own disk" : "any disk";
    const found = open.get(key);
    if (found !== undefined) return { key, ...found };
    const own = join(folder, `bench-${opened++}`);
    const bench = broker === "kafka3" ? await openKafkaBench(own, seed) : await openEmbeddedBench(own, seed, ownDisk);
    const made = { bench, rounds: new Rounds(bench, broker, seed) };
    open.set(key, made);
    return { key, ...made };
  };
  const without = ({ fault, round }: PlannedRound, found: AloneFindings, tookMs = 0): RoundResult => ({
    ...{ broker, fault: fault.id, variant: "alone", round, ...found, refused: 0, again: {}, raw: 0, enriched: 0 },
    ...{ own: [], others: [], readyMs: undefined, drainMs: 0, tookMs: Math.round(tookMs), hit: undefined },
  });
  const failed = (thrown: unknown): AloneFindings => ({
    ...{ text: "could not be run", sent: 0, acked: 0 },
    problems: [String(thrown)],
  });
  const alone = async (planned: PlannedRound): Promise<RoundResult> => {
    const { fault, round } = planned;
    const own = join(folder, `${fault.id}-${round}`);
    mkdirSync(own, { recursive: true });
    const began = performance.now();
    const found = await fault.alone?.({ random: chances(seed, fault.id, round), round, folder: own }).catch(failed);
    return without(planned, found ?? failed("it has no round of its own"), performance.now() - began);
  };
  const misses: string[] = [];
  try {
    for (const planned of options.rounds) {
      const { fault, round, long } = planned;
      if (fault.alone !== undefined) {
        report(await alone(planned), planned, undefined);
        continue;
      }
      const on = await onBench(fault.ownDisk === true).catch((thrown: unknown) => ({ thrown }));
      if ("thrown" in on) {
        report(without(planned, failed(on.thrown)), planned, undefined);
        continue;
      }
      const { key, bench, rounds } = on;
      const result = await rounds.run(fault, round, long);
      report(result, planned, bench);
      if (result.problems.length > 0) {
        // What is broken now would be found again by every round that follows.
        open.delete(key);
        await bench.close();
      }
    }
    for (const { bench } of open.values()) misses.push(...(await bench.end()));
    return misses;
  } finally {
    for (const { bench } of open.values()) await bench.close();
  }
}
