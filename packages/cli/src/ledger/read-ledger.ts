/** The account of a configuration as it stands in the log: of every process, every instance of the gateway and what was removed. */
import {
  type Broker,
  type GroupPosition,
  type GroupSpec,
  lostRecords,
  lostSoFar,
  readGroupName,
  retiredGroups,
  type Watermarks,
  windowsGroup,
} from "@rondo/broker";
import type { Graph } from "@rondo/config";
import type { Clock } from "@rondo/core";
import { readTotals, type Total } from "@rondo/gateway";
import { CARRIED } from "@rondo/otlp";
import {
  addRows,
  Backlog,
  exporterSpec,
  Ledger,
  letterCountsText,
  letterPartitions,
  loadTotals,
  NO_ITEMS,
  pipelineSpec,
  type Row,
  sumLetterCounts,
  type Totals,
} from "@rondo/worker";
import { findDifferences, findNotes } from "./differences.ts";

/** What a gateway's receiver has answered, of one instance, signal and tenant. */
export type ReceiverLine = Total & { readonly instance: string };

/** One row: a group, of the configuration or removed from it, and one tenant. */
export interface LedgerLine extends Row {
  readonly pipeline: string;
  /** Empty for a pipeline's own row. */
  readonly exporter: string;
  readonly tenant: string;
  /** The configuration no longer has it. */
  readonly removed: boolean;
}

/** A group's totals on one partition. */
export interface PartitionTotals {
  readonly pipeline: string;
  readonly exporter: string;
  readonly group: string;
  readonly partition: number;
  readonly removed: boolean;
  /** Rows are true for everything below; absent while nothing was committed. */
  readonly totals?: Totals;
  readonly position: GroupPosition;
  readonly range: Watermarks;
}

/** How far a group's commits are behind. */
export interface GroupLag {
  readonly group: string;
  readonly records: number;
  readonly items: number;
  /** Items were counted; otherwise some are estimated. */
  readonly isExact: boolean;
  /** Age of the oldest record that no commit covers, seconds. */
  readonly seconds: number;
  /** Records that retention removed before the group had read them. */
  readonly lost: number;
  /** The group has read its topic from the first record on, so it must have seen everything. */
  readonly fromStart: boolean;
  readonly removed: boolean;
}

/** The account as read from the log. */
export interface LedgerPage {
  readonly receivers: readonly ReceiverLine[];
  readonly lines: readonly LedgerLine[];
  readonly partitions: readonly PartitionTotals[];
  /** Records of each group that no commit covers yet; none of those whose backlog was dropped. */
  readonly lag: readonly GroupLag[];
  /** Each difference in a sentence that names its place; empty when the account balances. */
  readonly differences: readonly string[];
  /** What is worth a look and may have a good reason. */
  readonly notes: readonly string[];
}

/** A group with whose it is. */
interface Owned extends GroupSpec {
  readonly pipeline: string;
  readonly exporter: string;
  readonly removed: boolean;
  /** A row of the account is its. */
  readonly counts: boolean;
}

/** Reads the account of a configuration's groups from a log that may be in use by running processes. */
export async function readLedger(graph: Graph, broker: Broker, clock: Clock): Promise<LedgerPage> {
  // Before everything behind them: what they acknowledged, the pipelines must have seen when they are at the end.
  const receivers = await readTotals(broker.state);
  const groups = await ownedGroups(graph, broker);
  const partitions: PartitionTotals[] = [];
  for (const { topic, ...one } of groups) partitions.push(...(await partitionsOf(broker, one, topic)));
  const retired = await retiredGroups(broker.state);
  const lag: GroupLag[] = [];
  for (const one of groups) if (!retired.has(one.group)) lag.push(await lagOf(broker, one, partitions));
  const lines = groups.filter(({ counts }) => counts).flatMap((one) => linesOf(one, partitions));
  const page = { receivers, lines, partitions, lag: await worthOf(lag, { graph, broker, clock }, groups) };
  const notes = [...findNotes(graph, page), ...(await letterNotes(graph, broker))];
  return { ...page, differences: findDifferences(graph, page), notes };
}

/** Dead letters stay what they were in their exporter's row; what became of them since is told beside it. */
async function letterNotes(graph: Graph, broker: Broker): Promise<readonly string[]> {
  const partitions = await letterPartitions(graph, broker);
  const done = letterCountsText(sumLetterCounts(partitions.map(({ marks }) => marks)));
  return done === "" ? [] : [`of the dead letters, ${done}`];
}

/** Those of the configuration in its order, then whatever else is registered. */
async function ownedGroups(graph: Graph, broker: Broker): Promise<readonly Owned[]> {
  const groups: Owned[] = [];
  for (const pipeline of graph.pipelines) {
    const about = { pipeline: pipeline.id, removed: false, counts: true };
    groups.push({ ...about, exporter: "", ...pipelineSpec(pipeline) });
    for (const { id } of pipeline.exporters) groups.push({ ...about, exporter: id, ...exporterSpec(pipeline, id) });
  }
  const { pipeline: windows, renamedFrom: named = windows } = graph.windows;
  // The windows' writer delivers to nobody outside, and readers of one's own keep no account here: they have a lag and no row.
  const kept = graph.alerts !== undefined && named !== undefined ? windowsGroup(named) : undefined;
  for (const spec of await broker.groups()) {
    if (groups.some(({ group }) => group === spec.group)) continue;
    // A replay reads a span once: what comes behind it is nothing that it lacks.
    if (spec.group.includes(".replay.")) continue;
    const name = readGroupName(spec.group);
    const isWindows = spec.group.endsWith("._windows");
    const about = { pipeline: name?.pipeline ?? "", exporter: name?.exporter ?? "", counts: name !== undefined };
    groups.push({ ...spec, ...about, removed: name !== undefined || (isWindows && spec.group !== kept) });
  }
  return groups;
}

async function partitionsOf(
  broker: Broker,
  { group, pipeline, exporter, removed }: Omit<Owned, "topic">,
  topic: string,
): Promise<PartitionTotals[]> {
  const found = [];
  // Totals before the ends: rows that reach the end which is seen later are of everything that there was.
  for (const position of await broker.position(group)) {
    const totals = await loadTotals(broker.state, group, position.partition);
    found.push({ pipeline, exporter, group, removed, partition: position.partition, position, totals });
  }
  const ranges = (await broker.ranges([topic])).get(topic) ?? [];
  return found.map(({ totals, ...one }) => ({
    ...one,
    ...(totals && { totals }),
    range: ranges[one.partition] ?? { low: 0, high: 0 },
  }));
}

/** One line for each tenant, over all partitions. Totals are what was committed: a running process is ahead of them by a beat. */
function linesOf(
  { group, pipeline, exporter, removed }: Owned,
  partitions: readonly PartitionTotals[],
): readonly LedgerLine[] {
  const tenants = new Map<string, Row>();
  for (const { totals } of partitions.filter((one) => one.group === group)) {
    for (const [tenant, row] of Object.entries(totals?.rows ?? {})) {
      tenants.set(tenant, addRows(tenants.get(tenant) ?? NO_ITEMS, row));
    }
  }
  return [...tenants].map(([tenant, row]) => ({ pipeline, exporter, tenant, removed, ...row }));
}

/** Retention may have removed what was never read; only what is still there can be behind. */
async function lagOf(broker: Broker, { group, removed }: Owned, all: readonly PartitionTotals[]): Promise<GroupLag> {
  let records = 0;
  let lost = 0;
  let fromStart = true;
  for (const { partition, position, range } of all.filter((one) => one.group === group)) {
    records += unreadOf({ position, range });
    lost += lostSoFar(position, range, await lostRecords(broker.state, group, partition));
    fromStart &&= position.registered === 0;
  }
  return { group, records, items: 0, isExact: true, seconds: 0, lost, fromStart, removed };
}

/** Records of a partition that no commit covers. */
export function unreadOf({ position, range }: Pick<PartitionTotals, "position" | "range">): number {
  return Math.max(0, range.high - Math.max(range.low, position.committed ?? position.registered));
}

/** The lags with what they are worth: on one machine every record is looked at, however many there are. */
async function worthOf(
  lag: readonly GroupLag[],
  { graph, broker, clock }: { readonly graph: Graph; readonly broker: Broker; readonly clock: Clock },
  groups: readonly Owned[],
): Promise<readonly GroupLag[]> {
  const ledger = new Ledger(broker);
  for (const { group, topic, pipeline, exporter } of groups) {
    if (!lag.some((one) => one.group === group && one.records > 0)) continue;
    // Of no use here but to be a row of the ledger.
    const signal = CARRIED.find((one) => pipeline.startsWith(one)) ?? "traces";
    ledger.group({ group, topic, signal, pipeline, component: exporter });
  }
  const counts = graph.broker.kind === "embedded";
  const backlog = new Backlog({ broker, clock, counts, bytes: Number.POSITIVE_INFINITY });
  const worth = await backlog.of(await ledger.lags());
  return lag.map((one) => {
    const found = worth.find(({ group }) => group.group === one.group);
    if (found === undefined) return one;
    const items = found.partitions.reduce((sum, partition) => sum + partition.items, 0);
    const isExact = found.partitions.every((partition) => partition.isExact);
    return { ...one, items, isExact, seconds: Math.max(...found.partitions.map(({ seconds }) => seconds)) };
  });
}
