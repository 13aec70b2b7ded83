/** What a run says: a line for every round, and what was measured in the end. */
import { spread } from "./progress.ts";
import { reproduce, sumLine } from "./results.ts";
import type { RoundResult } from "./rounds.ts";

/** The line of a round, and one for each of its problems; a failed one says how it can be had again. */
export function roundLines(seed: number, result: RoundResult, long = false): readonly string[] {
  const { broker, fault, variant, round, problems, own, others, readyMs, raw, enriched, refused } = result;
  const again = Object.entries(result.again).map(([name, [times, counted]]) => `${name} ${times}/${counted}`);
  const said = [
    result.text,
    ...(readyMs === undefined ? [] : [`ready after ${Math.round(readyMs)} ms`]),
    ...(own.length + others.length > 0 ? [`stops: its own ${spread(own)}, others ${spread(others)}`] : []),
    `acked ${result.acked} of ${result.sent}`,
    ...(again.length > 0 ? [`again/counted: ${again.join(", ")}`] : []),
    ...(refused > 0 ? [`${refused} items refused for good`] : []),
    ...(raw > 0 ? [`${raw} items twice in the log`] : []),
    ...(enriched > 0 ? [`${enriched} enriched twice`] : []),
    `drained in ${result.drainMs} ms`,
    `${(result.tookMs / 1_000).toFixed(1)} s`,
  ];
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  const named = `${broker} ${fault} seed ${seed} ${long ? "long" : `round ${round}`} (${variant})`;
  return [
    `${verdict} ${named}: ${said.join("; ")}`,
    ...problems.map((problem) => `       ${problem}`),
    ...(problems.length > 0 ? [`       again: ${reproduce(broker, fault, seed, round, long)}`] : []),
  ];
}

/** What all rounds come to: by fault, with the stops where they were measured. */
export function sumUp(results: readonly RoundResult[]): readonly string[] {
  const lines = [...Map.groupBy(results, ({ broker, fault }) => `${broker} ${fault}`)].map(
    ([name, rounds]) => `${name}: ${sumLine(rounds)}${stopsOf(rounds)}`,
  );
  const kills = results.filter(({ hit }) => hit !== undefined);
  const hits = kills.filter(({ hit }) => hit).length;
  if (kills.length === 0) return lines;
  return [...lines, `${hits} of ${kills.length} kills hit a request without an answer or an item that was not settled`];
}

function stopsOf(rounds: readonly RoundResult[]): string {
  const [own, others] = [rounds.flatMap((one) => one.own), rounds.flatMap((one) => one.others)];
  if (own.length + others.length === 0) return "";
  return `; stops of its own partitions ${spread(own)}, of the others ${spread(others)}`;
}
