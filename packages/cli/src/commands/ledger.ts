/** `rondo ledger`: the account as it stands in the log, with the place of any difference. Rules of the log 6. */
import { resolve } from "node:path";
import {
  type Broker,
  exporterGroup,
  type GroupSpec,
  lostRecords,
  lostSoFar,
  pipelineGroup,
  windowsGroup,
} from "@rondo/broker";
import type { Graph, PipelineNode } from "@rondo/config";
import { type Clock, type Random, silentLog } from "@rondo/core";
import { addRows, exporterSpec, loadTotals, NO_ITEMS, pipelineSpec, type Row, sumDrops } from "@rondo/worker";
import { loadGraph } from "../load.ts";
import { openLog } from "../open-log.ts";
import { EXIT, type Out } from "../out.ts";

/** The options as the command line gives them. */
export interface LedgerOptions {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly data: string;
}

/** Prints the account. Returns 0 when it balances, 1 when it does not or the log cannot be read, 2 for a wrong configuration. */
export async function ledgerCommand(
  options: LedgerOptions,
  { out, clock, random }: { readonly out: Out; readonly clock: Clock; readonly random: Random },
): Promise<number> {
  const graph = await loadGraph(options, out);
  if (graph === undefined) return EXIT.usage;
  // Read-only, so that it can be asked beside a running process; a log that is not there is not made by asking.
  const settings = { settings: graph.broker, data: resolve(options.data), readOnly: true, clientId: "rondo/ledger" };
  const broker = await openLog({ ...settings, clock, random, log: silentLog });
  try {
    return printLedger(await readLedger(graph, broker), out);
  } finally {
    await broker.close();
  }
}

/** One printed row: a group of the configuration (or a removed one) and one tenant. */
export interface LedgerLine extends Row {
  readonly pipeline: string;
  /** Empty for a pipeline's own row. */
  readonly exporter: string;
  readonly tenant: string;
}

/** How far a group's commits are behind. */
export interface GroupLag {
  readonly group: string;
  readonly records: number;
  /** Records that retention removed before the group had read them. */
  readonly lost: number;
  /** The group has read its topic from the first record on, so it must have seen everything. */
  readonly fromStart: boolean;
  /** The configuration no longer has it. */
  readonly removed: boolean;
}

/** The account as read from the log. */
export interface LedgerPage {
  readonly lines: readonly LedgerLine[];
  /** Records of each group that no commit covers yet. */
  readonly lag: readonly GroupLag[];
  /** Each difference in a sentence that names its place; empty when the account balances. */
  readonly differences: readonly string[];
}

/** Reads the account of a configuration's groups from a log that may be in use by a running process. */
export async function readLedger(graph: Graph, broker: Broker): Promise<LedgerPage> {
  const lines: LedgerLine[] = [];
  const known = new Set<string>();
  const lag: GroupLag[] = [];
  const add = async (spec: GroupSpec, pipeline: string, exporter: string) => {
    known.add(spec.group);
    lines.push(...(await groupLines(broker, spec, pipeline, exporter)));
    lag.push({ ...(await lagOf(broker, spec)), removed: false });
  };
  for (const pipeline of graph.pipelines) {
    const { id, exporters } = pipeline;
    await add(pipelineSpec(pipeline), id, "");
    for (const exporter of exporters) {
      await add(exporterSpec(pipeline, exporter.id), id, exporter.id);
    }
  }
  const { pipeline: windows } = graph.windows;
  // The windows' writer delivers to nobody outside: it has no row, and a lag.
  const kept =
    graph.alerts !== undefined && windows !== undefined
      ? windowsGroup(graph.windows.renamedFrom ?? windows)
      : undefined;
  for (const spec of await broker.groups()) {
    if (!known.has(spec.group)) lag.push({ ...(await lagOf(broker, spec)), removed: spec.group !== kept });
  }
  return { lines, lag, differences: findDifferences(graph.pipelines, lines, lag) };
}

/** One line for each tenant, over all partitions. Totals are what was committed: a running process is ahead of them by a beat. */
async function groupLines(
  broker: Broker,
  { group, topic }: GroupSpec,
  pipeline: string,
  exporter: string,
): Promise<LedgerLine[]> {
  const tenants = new Map<string, Row>();
  for (let partition = 0; partition < (await broker.partitions(topic)); partition++) {
    const totals = await loadTotals(broker.state, group, partition);
    for (const [tenant, row] of Object.entries(totals?.rows ?? {})) {
      tenants.set(tenant, addRows(tenants.get(tenant) ?? NO_ITEMS, row));
    }
  }
  return [...tenants].map(([tenant, row]) => ({ pipeline, exporter, tenant, ...row }));
}

/** Retention may have removed what was never read; only what is still there can be behind. */
async function lagOf(broker: Broker, { group, topic }: GroupSpec): Promise<Omit<GroupLag, "removed">> {
  let records = 0;
  let lost = 0;
  let fromStart = true;
  for (const position of await broker.position(group)) {
    const { partition, registered, committed } = position;
    const { low, high } = await broker.watermarks(topic, partition);
    records += Math.max(0, high - Math.max(low, committed ?? registered));
    lost += lostSoFar(position, { low, high }, await lostRecords(broker.state, group, partition));
    fromStart &&= registered === 0;
  }
  return { group, records, lost, fromStart };
}

/** First what each row says of itself, then that what a pipeline forwarded is what its exporters got (rules of the log 6). */
function findDifferences(
  pipelines: readonly PipelineNode[],
  lines: readonly LedgerLine[],
  lag: LedgerPage["lag"],
): string[] {
  const found: string[] = [];
  for (const line of lines) {
    // Rows and their offset are written together, so that this holds at every moment, whatever runs.
    const came = line.entered + line.created;
    const went = line.forwarded + line.delivered + line.deadLettered + sumDrops(line.dropped);
    if (came !== went) found.push(`${placeOf(line)}: ${came} items came in, ${went} are accounted for`);
  }
  for (const { id, exporters } of pipelines) {
    const groups = [pipelineGroup(id), ...exporters.map((exporter) => exporterGroup(id, exporter.id))];
    // While anything is on its way the two sides may differ; what must be equal then is only what each row says of itself.
    const lags = lag.filter(({ group }) => groups.includes(group));
    if (lags.some(({ records }) => records > 0)) continue;
    for (const line of lines.filter(({ pipeline, exporter }) => pipeline === id && exporter === "")) {
      for (const exporter of exporters) {
        // One that was added later began at the end of what there was.
        if (lags.some(({ group, fromStart }) => group === exporterGroup(id, exporter.id) && !fromStart)) continue;
        const entered =
          lines.find((other) => other.pipeline === id && other.exporter === exporter.id && other.tenant === line.tenant)
            ?.entered ?? 0;
        if (entered !== line.forwarded)
          found.push(
            `pipeline ${id}, exporter ${exporter.id}, tenant ${line.tenant}: ${line.forwarded} items were forwarded, ${entered} entered`,
          );
      }
    }
  }
  return found;
}

function placeOf({ pipeline, exporter, tenant }: LedgerLine): string {
  return `pipeline ${pipeline}${exporter === "" ? "" : `, exporter ${exporter}`}, tenant ${tenant}`;
}

const COLUMNS = [
  "pipeline",
  "exporter",
  "tenant",
  "entered",
  "created",
  "forwarded",
  "delivered",
  "dead-lettered",
  "dropped",
  "redelivered",
] as const;

/** Prints the account; answers 1 when it does not balance. */
export function printLedger({ lines, lag, differences }: LedgerPage, out: Out): number {
  const cells = lines.map((line) =>
    [
      line.pipeline,
      line.exporter || "–",
      line.tenant,
      line.entered,
      line.created,
      line.exporter === "" ? line.forwarded : "",
      line.exporter === "" ? "" : line.delivered,
      line.deadLettered,
      dropText(line),
      line.exporter === "" ? "" : line.redelivered,
    ].map(String),
  );
  const widths = COLUMNS.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const row = (values: readonly string[]) =>
    values
      // Names to the left, numbers to the right.
      .map((value, column) => (column < 3 ? value.padEnd(widths[column] ?? 0) : value.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  out.line(row(COLUMNS));
  for (const line of cells) out.line(row(line));
  for (const { group, records, lost, removed } of lag) {
    if (lost > 0) out.error(`${group}: retention removed ${lost} records before they were read`);
    if (records > 0)
      out.line(`${group}: ${records} records not committed yet${removed ? " (removed from the configuration)" : ""}`);
  }
  for (const difference of differences) out.error(difference);
  out.line(differences.length === 0 ? "the account balances" : `${differences.length} differences`);
  return differences.length === 0 ? EXIT.ok : EXIT.failed;
}

function dropText({ dropped }: Row): string {
  const all = sumDrops(dropped);
  return all === 0
    ? "0"
    : `${all} (${Object.entries(dropped)
        .map(([key, items]) => `${key} ${items}`)
        .join(", ")})`;
}
