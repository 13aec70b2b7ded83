/**
 * Where a pipeline goes on after a restart: behind the last raw record whose result stands in the enriched partition, so
 * that a crash between produce and commit repeats nothing. Rules of the log 3.
 */
import {
  type Broker,
  type Claim,
  type EnrichedHeaders,
  isSettled,
  readOrigin,
  type SettledOrigin,
  tryEnrichedHeaders,
} from "@rondo/broker";
import type { Log } from "@rondo/core";
import { addDrops, addRows, loadTotals, NO_ITEMS, type Row, type Totals } from "./totals.ts";

/** Where and with what totals a pipeline starts on one partition. */
export interface Resumption {
  /** The first raw offset to process. */
  readonly offset: number;
  /** Parts of the raw record at `offset` that stand in the enriched partition already; they must not be appended again. */
  readonly partsDone: number;
  /** True for everything below `offset`. */
  readonly rows: Readonly<Record<string, Row>>;
  /** One past the last enriched record that these rows know of. */
  readonly enriched: number;
  /** The newest raw record whose result stands in the enriched partition. */
  readonly origin?: SettledOrigin;
  /** The raw topic is another one than before: what was kept of the old one is not true for it. */
  readonly recreated?: true;
}

/** Where a group goes on by its commits alone. */
export function firstOffset({ start }: Claim): number {
  return start.committed ?? start.registered;
}

/** What is read of an enriched partition at once while looking for its tail, bytes. */
const SCAN_BYTES = 4 << 20;

/** Finds where to resume. Totals and tail come from the log alone; nothing is written. */
export async function resumePipeline(
  broker: Broker,
  claim: Claim,
  group: string,
  enrichedTopic: string,
  log: Log,
): Promise<Resumption> {
  const stored = await loadTotals(broker.state, group, claim.partition);
  const tail = await replayTail(broker, claim.partition, enrichedTopic, stored);
  const offset = Math.max(firstOffset(claim), stored?.offset ?? 0, tail.offset);
  if (await wasRecreated(broker, claim, offset, tail.origin)) {
    const { low } = await broker.watermarks(claim.topic, claim.partition);
    log.error("the topic was recreated: starting again at its beginning", {
      topic: claim.topic,
      partition: claim.partition,
      was: offset,
      now: low,
    });
    return { ...tail, offset: low, partsDone: 0, recreated: true };
  }
  return { ...tail, offset, partsDone: offset === tail.offset ? tail.partsDone : 0 };
}

/** Reads the enriched partition forward from what the totals know, adding what was appended since. */
async function replayTail(
  broker: Broker,
  partition: number,
  topic: string,
  stored: Totals | undefined,
): Promise<Resumption> {
  const { low, high } = await broker.watermarks(topic, partition);
  const rows = new Map<string, Row>(Object.entries(stored?.rows ?? {}));
  let at = Math.max(stored?.enriched ?? low, low);
  let offset = stored?.offset ?? 0;
  let partsDone = 0;
  let newest = stored?.origin;
  // The parts of one raw record count when the last of them is there: an unfinished one will be processed again.
  let unfinished = NO_ITEMS;
  while (at < high) {
    const records = await broker.read(topic, partition, at, SCAN_BYTES);
    if (records.length === 0) break;
    for (const record of records) {
      at = record.offset + 1;
      const headers = tryEnrichedHeaders(record);
      // Nobody's items, and in no account: exporters set it aside.
      if (headers === undefined) continue;
      const origin = readOrigin(headers.origin);
      if (origin === undefined || origin.partition !== partition || isSettled(origin, headers.at, newest)) continue;
      const { offset: raw, part, parts } = origin;
      newest = { offset: raw, part, at: headers.at };
      unfinished = part === 0 ? tailRow(headers) : addRows(unfinished, tailRow(headers));
      if (part + 1 < parts) [offset, partsDone] = [raw, part + 1];
      else {
        rows.set(headers.tenant, addRows(rows.get(headers.tenant) ?? NO_ITEMS, unfinished));
        [offset, partsDone] = [raw + 1, 0];
      }
    }
  }
  return { offset, partsDone, rows: Object.fromEntries(rows), enriched: at, ...(newest && { origin: newest }) };
}

function tailRow({ items, account }: EnrichedHeaders): Row {
  const row = { ...NO_ITEMS, forwarded: items };
  if (account === undefined) return row;
  const { entered, created, dropped, deadLettered = 0 } = account;
  return { ...row, entered, created, deadLettered, dropped: addDrops({}, dropped) };
}

/** Whether the raw topic is not the one that the tail came from: shorter than it was, or with another record at its offset. */
async function wasRecreated(
  broker: Broker,
  { topic, partition }: Claim,
  offset: number,
  origin: SettledOrigin | undefined,
): Promise<boolean> {
  const { low, high } = await broker.watermarks(topic, partition);
  if (offset > high) return true;
  if (origin === undefined || origin.offset < low || origin.offset >= high) return false;
  const [record] = await broker.read(topic, partition, origin.offset, 1);
  // What cannot be read has no time of its own.
  const isThere = record !== undefined && record.offset === origin.offset && record.fault === undefined;
  return isThere && record.timestamp !== origin.at;
}
