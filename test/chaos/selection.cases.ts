/** A few rounds of some faults, for tests. */
import { inTurn, runCampaign } from "./campaign.ts";
import { type BrokerKind, FAULT_IDS, type FaultId } from "./fault.ts";
import { FAULTS } from "./faults/index.ts";
import { roundLines } from "./report.ts";
import type { RoundResult } from "./rounds.ts";

/** How many rounds of which faults, and where. */
export interface Selection {
  readonly broker: BrokerKind;
  readonly seed: number;
  readonly rounds: Readonly<Partial<Record<FaultId, number>>>;
  readonly folder: string;
}

/** Runs them; `problems` has a failed round's lines, the command that repeats it among them. */
export async function runSelection({ broker, seed, rounds, folder }: Selection) {
  const results: RoundResult[] = [];
  const planned = FAULT_IDS.flatMap((id) => inTurn([FAULTS[id]], 0, rounds[id] ?? 0));
  const misses = await runCampaign({ broker, seed, folder, rounds: planned }, (result) => results.push(result));
  const failed = results.filter(({ problems }) => problems.length > 0);
  return { results, problems: [...failed.flatMap((one) => roundLines(seed, one)), ...misses] };
}
