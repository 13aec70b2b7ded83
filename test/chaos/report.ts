/** What a run says: a line for every round, and what was measured in the end. */
import type { KafkaRoundResult } from "./kafka-run.ts";
import { breakText } from "./plan.ts";
import { spread } from "./progress.ts";
import type { RoundResult } from "./run.ts";
import { RAW } from "./written-down.ts";

const counted = (result: Pick<RoundResult, "duplicates" | "redelivered">) =>
  [...result.redelivered].map(([name, counted]) => `${name} ${result.duplicates.get(name)}/${counted}`).join(", ");

const verdict = ({ problems }: { readonly problems: readonly string[] }) =>
  problems.length === 0 ? "ok    " : "FAILED";

/** The line of a round on one machine. */
export function lineOf(seed: number, result: RoundResult): string {
  const state = `${result.unanswered} unanswered, ${result.unsettled} unsettled`;
  return (
    `${verdict(result)} seed ${seed} round ${result.round}: killed ${result.moment} (${state}); ` +
    `acked ${result.acked} of ${result.sent}; again/counted: ${counted(result)}; drained in ${result.drainMs} ms`
  );
}

/** The line of a round over Kafka. */
export function kafkaLineOf(seed: number, result: KafkaRoundResult): string {
  const { plan, victims, others, readyMs, repeated } = result;
  const inLog = result.duplicates.get(RAW) ?? 0;
  const again = plan.again === undefined ? "" : `, then ${plan.again.victim}-${plan.again.index + 1}`;
  const said = [
    breakText(plan.break) + again + (plan.flush ? ", Redis flushed" : ""),
    ...(readyMs === undefined ? [] : [`ready after ${Math.round(readyMs)} ms`]),
    ...(plan.apart ? [`stops: its own ${spread(victims)}, others ${spread(others)}`] : []),
    `acked ${result.acked} of ${result.sent}`,
    `again/counted: ${counted(result)}`,
    ...(inLog > 0 ? [`${inLog} items twice in the log`] : []),
    ...(repeated > 0 ? [`${repeated} enriched twice`] : []),
    `drained in ${result.drainMs} ms`,
  ];
  return `${verdict(result)} seed ${seed} round ${result.round}: ${said.join("; ")}`;
}

/** The stops of all measured rounds by what was broken, a line each. */
export function stopLines(results: readonly KafkaRoundResult[]): readonly string[] {
  const measured = Map.groupBy(
    results.filter(({ plan }) => plan.apart),
    ({ plan }) =>
      (plan.break.kind === "restart" || plan.break.kind === "absence" ? `${plan.break.victim} ` : "") + plan.break.kind,
  );
  return [...measured].map(([kind, rounds]) => {
    const worst = spread(rounds.map(({ victims }) => Math.max(0, ...victims)));
    const [own, others] = [
      spread(rounds.flatMap(({ victims }) => victims)),
      spread(rounds.flatMap((one) => one.others)),
    ];
    return `${kind}: stops of its own partitions ${own}; worst of a round ${worst}; of the others ${others}`;
  });
}
