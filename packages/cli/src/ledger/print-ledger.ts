/** Prints the account for people, or as JSON for machines. */
import { type Row, sumDrops } from "@rondo/worker";
import { EXIT, type Out } from "../out.ts";
import type { LedgerPage, PartitionTotals } from "./read-ledger.ts";

/** How much is printed, and for whom. */
export interface PrintOptions {
  /** A row for each partition as well; without it only where something differs. */
  readonly partitions?: boolean;
  /** One line of JSON: the page. */
  readonly json?: boolean;
}

/** Prints the account; answers 1 when it does not balance. */
export function printLedger(
  page: LedgerPage,
  out: Out,
  { partitions = false, json = false }: PrintOptions = {},
): number {
  const { differences } = page;
  const code = differences.length === 0 ? EXIT.ok : EXIT.failed;
  if (json) {
    out.line(JSON.stringify({ ...page, balances: differences.length === 0 }));
    return code;
  }
  if (page.receivers.length > 0) {
    printTable(RECEIVERS, receiverCells(page), 4, out);
    out.line("");
  }
  printTable(GROUPS, groupCells(page), 3, out);
  if (partitions || differences.length > 0) {
    out.line("");
    printTable(PARTITIONS, partitionCells(page), 3, out);
  }
  for (const { group, records, items, isExact, seconds, lost, removed } of page.lag) {
    if (lost > 0) out.error(`${group}: retention removed ${lost} records before they were read`);
    if (records === 0) continue;
    const worth = `${isExact ? "" : "about "}${items} items, the oldest ${Math.round(seconds)} s old`;
    const gone = removed ? "; removed from the configuration" : "";
    out.line(`${group}: ${records} records not committed yet (${worth}${gone})`);
  }
  for (const note of page.notes) out.line(`note: ${note}`);
  for (const difference of differences) out.error(difference);
  out.line(differences.length === 0 ? "the account balances" : `${differences.length} differences`);
  return code;
}

const RECEIVERS = ["receiver", "signal", "tenant", "instance", "accepted", "refused"];

function receiverCells({ receivers }: LedgerPage): readonly (readonly string[])[] {
  return receivers.map(({ receiver, signal, tenant, instance, accepted, refused, reasons = {} }) => [
    ...[receiver, signal, tenant, instance, `${accepted}`],
    withReasons(refused, reasons),
  ]);
}

const COUNTS = ["entered", "created", "forwarded", "delivered", "dead-lettered", "dropped", "redelivered"];
const GROUPS = ["pipeline", "exporter", "tenant", ...COUNTS];

function groupCells({ lines }: LedgerPage): readonly (readonly string[])[] {
  return lines.map(({ pipeline, exporter, tenant, removed, ...row }) => [
    pipeline,
    `${exporter || "–"}${removed ? " (removed)" : ""}`,
    tenant,
    ...countCells(row, exporter === ""),
  ]);
}

const PARTITIONS = ["group", "partition", "tenant", "below", "high", ...COUNTS];

function partitionCells({ partitions }: LedgerPage): readonly (readonly string[])[] {
  return partitions.flatMap((one: PartitionTotals) =>
    Object.entries(one.totals?.rows ?? {}).map(([tenant, row]) => [
      ...[one.group, `${one.partition}`, tenant, `${one.totals?.offset ?? 0}`, `${one.range.high}`],
      ...countCells(row, one.exporter === ""),
    ]),
  );
}

/** A pipeline delivers to nobody, an exporter forwards nothing: those cells stay empty. */
function countCells(row: Row, isPipeline: boolean): readonly string[] {
  const exporterOnly = (items: number) => (isPipeline ? "" : `${items}`);
  return [
    `${row.entered}`,
    `${row.created}`,
    isPipeline ? `${row.forwarded}` : "",
    exporterOnly(row.delivered),
    `${row.deadLettered}`,
    withReasons(sumDrops(row.dropped), row.dropped),
    exporterOnly(row.redelivered),
  ];
}

/** Names to the left, numbers to the right. */
function printTable(columns: readonly string[], cells: readonly (readonly string[])[], names: number, out: Out): void {
  const widths = columns.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const row = (values: readonly string[]) =>
    values
      .map((value, column) =>
        column < names ? value.padEnd(widths[column] ?? 0) : value.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  for (const line of [columns, ...cells]) out.line(row(line));
}

/** `5 (throttled 3, invalid_name 2)`. */
function withReasons(all: number, reasons: Readonly<Record<string, number>>): string {
  const named = Object.entries(reasons).map(([reason, items]) => `${reason} ${items}`);
  return all === 0 || named.length === 0 ? `${all}` : `${all} (${named.join(", ")})`;
}
