/** Reads a partition up to an end that it had a moment ago. */
import type { Broker, LogRecord } from "@rondo/broker";
import { Fault } from "@rondo/core";

/**
 * The next records from `from` on, as `Broker.read`; none only where nothing that could be read stands below `end`. Throws
 * `unavailable` where the partition ends before it now, as it does for a moment when its leader has changed: what stands there
 * must not be taken for gone.
 */
export async function readBelow(
  broker: Pick<Broker, "read" | "watermarks">,
  { topic, partition, end }: { readonly topic: string; readonly partition: number; readonly end: number },
  from: number,
  maxBytes: number,
): Promise<readonly LogRecord[]> {
  const records = await broker.read(topic, partition, from, maxBytes);
  if (records.length > 0) return records;
  const { high } = await broker.watermarks(topic, partition);
  if (high >= end) return records;
  throw new Fault("unavailable", `${topic}/${partition} ends at offset ${high}, where it ended at ${end}: try again`);
}
