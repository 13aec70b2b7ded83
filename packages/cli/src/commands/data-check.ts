/** `rondo data check`: what a data directory holds, what is wrong in it and what to do, and with `--repair` the doing. */
import { resolve } from "node:path";
import type { GroupSpec } from "@rondo/broker";
import {
  checkData,
  type DataReport,
  type EmbeddedBroker,
  type Finding,
  openEmbedded,
  type PartitionContent,
  repairData,
} from "@rondo/broker/embedded";
import { type Clock, Fault, silentLog } from "@rondo/core";
import { loadTotals } from "@rondo/worker";
import { EXIT, type Out } from "../out.ts";

/** The options as the command line gives them. */
export interface DataCheckOptions {
  readonly data: string;
  readonly repair?: boolean;
}

/**
 * Checks a data directory, also beside the process that uses it, and prints what is in it. Returns 0 when everything that was
 * acknowledged is there, 1 when something is not or needs a repair, 2 when there is nothing to check: no data directory, or one
 * in use that is to be repaired.
 */
export async function dataCheckCommand(
  options: DataCheckOptions,
  { out, clock }: { readonly out: Out; readonly clock: Clock },
): Promise<number> {
  const directory = resolve(options.data);
  try {
    if (options.repair === true) {
      const done = await repairData({ directory, clock });
      for (const line of done) out.line(`repaired: ${line}`);
      if (done.length === 0) out.line("nothing was to be repaired");
    }
    const report = await checkData({ directory });
    const findings = [...report.findings, ...(await totalsFindings(directory, report, clock))];
    printReport(report, out);
    return printFindings(findings, out);
  } catch (thrown) {
    out.error(`rondo data check: ${Fault.from(thrown).message}`);
    return EXIT.usage;
  }
}

/** Totals that claim more than the log holds. Asked only of a state that was found sound. */
async function totalsFindings(directory: string, report: DataReport, clock: Clock): Promise<readonly Finding[]> {
  if (report.findings.some(({ kind, place }) => kind === "damage" && place.endsWith("data.mdb"))) return [];
  const opened = async <T>(look: (broker: EmbeddedBroker) => Promise<T>) => {
    const broker = await openEmbedded({ directory, clock, log: silentLog, readOnly: true });
    try {
      return await look(broker);
    } finally {
      await broker.close();
    }
  };
  const counted = await opened(countedUpTo);
  // Opened once more: beside a process the account grows, and must not be held to an end that was seen before.
  return await opened(async (broker) => {
    const findings: Finding[] = [];
    for (const { group, topic, partition, offset } of counted) {
      const place = `${topic}/${partition}`;
      const { high } = await broker.watermarks(topic, partition);
      const message =
        offset instanceof Fault
          ? offset.message
          : `ends at offset ${high}, and the account of group ${group} counts up to ${offset}: it cannot be right any more`;
      if (offset instanceof Fault || offset > high) findings.push({ kind: "damage", place, message });
    }
    return findings;
  });
}

interface Counted extends GroupSpec {
  readonly partition: number;
  /** The end of the account, or why it cannot be read. */
  readonly offset: number | Fault;
}

async function countedUpTo(broker: EmbeddedBroker): Promise<readonly Counted[]> {
  const counted: Counted[] = [];
  for (const { group, topic } of await broker.groups()) {
    for (const { partition } of await broker.position(group)) {
      const offset = await loadTotals(broker.state, group, partition).then(
        (totals) => totals?.offset ?? 0,
        (thrown: unknown) => Fault.from(thrown),
      );
      counted.push({ group, topic, partition, offset });
    }
  }
  return counted;
}

const COLUMNS = ["topic", "partition", "offsets", "records", "bytes", "missing", "oldest", "newest"] as const;
/** Columns of text; numbers stand to the right. */
const TEXT: ReadonlySet<string> = new Set(["topic", "oldest", "newest"]);

function printReport({ partitions, segments, bytes, usedBy }: DataReport, out: Out): void {
  const rows = partitions.map((content) => cellsOf(content));
  const widths = COLUMNS.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell[TEXT.has(COLUMNS[column] ?? "") ? "padEnd" : "padStart"](widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  out.line(line(COLUMNS));
  for (const row of rows) out.line(line(row));
  out.line(`${segments} files of the log, ${bytes} B${usedBy === undefined ? "" : `; in use by pid ${usedBy}`}`);
}

function cellsOf(content: PartitionContent): readonly string[] {
  const { topic, partition, low, high, records, bytes, missing, oldest, newest } = content;
  const time = (ms: number) => (ms === 0 ? "–" : new Date(ms).toISOString());
  return [topic, `${partition}`, `${low}–${high}`, `${records}`, `${bytes}`, `${missing}`, time(oldest), time(newest)];
}

function printFindings(findings: readonly Finding[], out: Out): number {
  for (const { kind, place, message } of findings) {
    if (kind === "note") out.line(`note: ${place}: ${message}`);
    else out.error(`error: ${place}: ${message}`);
  }
  const errors = findings.filter(({ kind }) => kind !== "note").length;
  out.line(errors === 0 ? "everything that was acknowledged is there" : `${errors} errors`);
  return errors === 0 ? EXIT.ok : EXIT.failed;
}
