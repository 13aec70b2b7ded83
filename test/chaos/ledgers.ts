/** The ledgers of a run, read together: what clients and backends wrote down, and what is wrong when it is compared. */
import { join } from "node:path";
import { type Sample, sumOf } from "../rig/metrics-page.ts";
import { followLines, type Ledger, openLedger } from "./ledger.ts";
import { type Findings, openTally, type Tally } from "./tally.ts";

/** The file in which an exporter's backend writes down what it got. */
export interface DeliveryFile {
  readonly exporter: string;
  readonly path: string;
  /** The file in which it writes down what it refused for good. */
  readonly refusals?: string;
  /** The ledger lines of one line of the file; the line itself unless given. */
  readonly lines?: (line: string) => readonly string[];
}

/** Everything that is written down in a run. */
export interface Ledgers {
  /** Written by the clients. */
  readonly sent: Ledger;
  readonly acked: Ledger;
  readonly tally: Tally;
  /** Brings the tally up to what is on disk. */
  read(): void;
  close(): void;
}

/**
 * Opens the clients' ledgers in `folder`, and follows them and the backends'. `others` are tallied as exporters are, and are
 * told of by their reader; with `letters` it is told of dead letters too.
 */
export function openLedgers(
  folder: string,
  deliveries: readonly DeliveryFile[],
  others: readonly string[] = [],
  letters = false,
): Ledgers {
  const [sent, acked] = [openLedger(join(folder, "sent.ledger")), openLedger(join(folder, "acked.ledger"))];
  const tally = openTally([...deliveries.map(({ exporter }) => exporter), ...others], letters);
  const [newSent, newAcked] = [followLines(sent.path), followLines(acked.path)];
  const delivered = deliveries.map(({ exporter, path, refusals, lines = (line: string) => [line] }) => {
    const follow = followLines(path);
    const followRefusals = refusals === undefined ? () => [] : followLines(refusals);
    return () => {
      for (const line of follow().flatMap(lines)) tally.delivered(exporter, line);
      for (const line of followRefusals()) tally.refused(exporter, line);
    };
  });
  return {
    sent,
    acked,
    tally,
    read() {
      for (const line of newSent()) tally.sent(line);
      for (const line of newAcked()) tally.acked(line);
      for (const read of delivered) read();
    },
    close() {
      sent.close();
      acked.close();
    },
  };
}

/** How many items Rondo counted as perhaps delivered before, by exporter. */
export function redeliveredOf(samples: readonly Sample[], exporters: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    exporters.map((name) => [name, sumOf(samples, "rondo_items_redelivered_total", { component: name })] as const),
  );
}

/**
 * What is wrong with what was delivered, as sentences; empty when the promise was kept. `inLog` is how many items stand in the
 * log more than once, which each exporter delivers as often.
 */
export function compareLedgers(
  findings: Findings,
  redelivered: ReadonlyMap<string, number>,
  inLog = 0,
): readonly string[] {
  const problems: string[] = [];
  if (findings.lost > 0) problems.push(`${findings.lost} acknowledged items were not delivered`);
  if (findings.strangers > 0) problems.push(`${findings.strangers} items were delivered that nobody sent`);
  for (const [name, counted] of redelivered) {
    const times = (findings.duplicates.get(name) ?? 0) - inLog;
    if (times > counted) problems.push(`${name} delivered ${times} items again and counted ${counted} as redelivered`);
  }
  return problems;
}
