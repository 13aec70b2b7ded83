/** Finds where in an enriched partition a time begins, by what the records themselves say: when their data was taken in. */
import type { Broker, LogRecord } from "@rondo/broker";

/** What came in from `from` on and before `to`, by the broker's clock when it was acknowledged. Milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * How far the times in one partition may go back, milliseconds: a raw partition that moved to another broker goes on by that one's
 * clock. Searching begins so much earlier, and reading ends so much later.
 */
export const CLOCKS_APART_MS = 10_000;

/** When the data of an enriched record was taken in; undefined when it does not say. */
export function takenInAt({ headers }: LogRecord): number | undefined {
  const { at } = headers as Readonly<Partial<Record<string, string>>>;
  return at !== undefined && /^\d{1,16}$/.test(at) ? Number(at) : undefined;
}

/**
 * From which time on everything that was taken in stands in a topic, where retention has removed something that may be younger than
 * `time`; undefined when it has not.
 */
export async function keptFrom(broker: Broker, topic: string, time: number): Promise<number | undefined> {
  let latest: number | undefined;
  for (let partition = 0; partition < (await broker.partitions(topic)); partition++) {
    const { low, high } = await broker.watermarks(topic, partition);
    const [oldest] = low > 0 && low < high ? await broker.read(topic, partition, low, 1) : [];
    const at = oldest && takenInAt(oldest);
    if (at !== undefined && at > time) latest = Math.max(latest ?? at, at);
  }
  return latest;
}

/** The first offset behind which nothing older than `time` is worth reading, in about log2(records) reads of one record. */
export async function spanStart(broker: Broker, topic: string, partition: number, time: number): Promise<number> {
  const watermarks = await broker.watermarks(topic, partition);
  let { low } = watermarks;
  let high = watermarks.high;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const [record] = await broker.read(topic, partition, middle, 1);
    const at = record && takenInAt(record);
    // A record that says nothing may be any: what is before it is looked at as well.
    if (record !== undefined && at !== undefined && at < time - CLOCKS_APART_MS) low = record.offset + 1;
    else high = middle;
  }
  return low;
}
