/** Appends more records than one append may hold, each append until the log takes it. */
import { type Broker, type Claim, recordBytes, type WholeRecord } from "@rondo/broker";
import type { Clock, Log } from "@rondo/core";
import { untilTaken } from "@rondo/delivery";

/**
 * Appends in order, waiting while the log has no room or cannot be reached. False when `ended` fired or the claim was lost first:
 * some of the records may stand in the log then. Rejects with every other Fault.
 */
export async function appendInTurn(
  claim: Pick<Claim, "append" | "partition">,
  topic: string,
  records: readonly WholeRecord[],
  ended: AbortSignal,
  { broker, clock, log }: { readonly broker: Broker; readonly clock: Clock; readonly log: Log },
): Promise<boolean> {
  for (const some of inAppends(records, broker.maxRecordBytes)) {
    const write = () => claim.append(topic, claim.partition, some);
    const where = { topic, partition: claim.partition };
    if ((await untilTaken(write, ended, { clock, log, where })) === undefined) return false;
  }
  return true;
}

/** Cuts records into appends of up to `maxBytes`, headers included, each of one record at least. */
export function inAppends(records: readonly WholeRecord[], maxBytes: number): readonly (readonly WholeRecord[])[] {
  const appends: WholeRecord[][] = [];
  let room = 0;
  for (const record of records) {
    const current = appends.at(-1);
    const bytes = recordBytes(record);
    room -= bytes;
    if (current !== undefined && room >= 0) current.push(record);
    else {
      appends.push([record]);
      room = maxBytes - bytes;
    }
  }
  return appends;
}
