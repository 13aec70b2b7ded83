/** Every fault that there is, in the order of the matrix, and the table that says which meets which broker. */
import { type BrokerKind, FAULT_IDS, type FaultCase, type FaultId } from "../fault.ts";
import { down, lostAnswers, node } from "./broker.ts";
import { disk } from "./disk.ts";
import { power } from "./power.ts";
import { frozen, kill, orderlyEnd, rebalances } from "./processes.ts";
import { redis } from "./redis.ts";
import { partitions } from "./roads.ts";
import { sinks } from "./sinks.ts";

/** The faults, by their numbers. */
export const FAULTS: Readonly<Record<FaultId, FaultCase>> = {
  F1: kill,
  F2: orderlyEnd,
  F3: frozen,
  F4: node,
  F5: lostAnswers,
  F6: down,
  F7: redis,
  F8: sinks,
  F10: disk,
  F11: power,
  F13: partitions,
  F15: rebalances,
};

/** The faults that meet a broker. */
export function faultsOf(broker: BrokerKind): readonly FaultCase[] {
  return FAULT_IDS.map((id) => FAULTS[id]).filter((one) => one[broker] !== undefined);
}

/** How many rounds of each fault the matrix has, over both brokers. */
const ROUNDS: Readonly<Partial<Record<FaultId, number>>> = { F1: 100 };
const EACH = 20;

/** The rounds of a fault on a broker: one that meets both has three of five over Kafka. */
export function matrixRounds({ id, embedded, kafka3 }: FaultCase, broker: BrokerKind): number {
  const rounds = ROUNDS[id] ?? EACH;
  const overKafka = kafka3 === undefined ? 0 : embedded === undefined ? rounds : (rounds * 3) / 5;
  return broker === "kafka3" ? overKafka : rounds - overKafka;
}

/** The table of docs/development.md. */
export function faultTable(): string {
  const rows = FAULT_IDS.map((id) => FAULTS[id]).map((one) => {
    const [embedded, kafka3] = [matrixRounds(one, "embedded"), matrixRounds(one, "kafka3")];
    const long = one.long === undefined ? "" : `; once ${one.long.name}`;
    return `| ${one.id} | ${one.title} | ${one.breaks} | ${one.heals} | ${one.checks} | ${embedded || "–"} | ${kafka3 || "–"}${long} |`;
  });
  return [
    "| | fault | breaks | heals | checked beyond the invariants | rounds, embedded | rounds, kafka3 |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}
