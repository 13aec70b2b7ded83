/** Where a partition is gone on with: at the group's commit, and without one where the options say. */
import { describeLoss, type GroupSpec, type SettledOrigin } from "@rondo/broker";
import type { KafkaReader } from "@rondo/broker/kafka";
import { Fault } from "@rondo/core";
import type { ConsumeStart } from "./consume-options.ts";
import { readNote } from "./note.ts";

/** What of a reader is asked. */
export type Positions = Pick<KafkaReader, "commits" | "watermarks" | "offsetSince" | "partitions">;

/** Where to begin, and what the group has settled before. */
export interface Start {
  readonly offset: number;
  readonly origin?: SettledOrigin;
  /** Partitions of the topic when the group began. */
  readonly partitions: number;
  /** The group stands nowhere yet: its beginning is to be committed before anything is handed over. */
  readonly isFirst: boolean;
}

/** Finds it, and tells of what the group will never see. Throws the reader's Faults. */
export async function findStart(
  reader: Positions,
  spec: GroupSpec,
  partition: number,
  start: ConsumeStart,
  tell: (fault: Fault) => void,
): Promise<Start> {
  const { topic, group } = spec;
  const [commits, { low, high }, count] = await Promise.all([
    reader.commits(spec),
    reader.watermarks(topic, partition),
    reader.partitions(topic),
  ]);
  const notes = [...commits.values()].map(({ note }) => readNote(note).partitions);
  const partitions = notes.find((number) => number !== undefined) ?? count;
  const own = commits.get(partition);
  if (own === undefined) {
    const from = partition >= partitions ? "earliest" : start;
    if (from instanceof Date) {
      const offset = await reader.offsetSince(topic, partition, from.getTime());
      return { offset, partitions, isFirst: true };
    }
    return { offset: from === "earliest" ? low : high, partitions, isFirst: true };
  }
  const { origin } = readNote(own.note);
  const known = { partitions, isFirst: false, ...(origin && { origin }) };
  if (own.offset > high) {
    // Its records are told from those of before by their time, so that none is taken for settled.
    const was = `group ${group} was at offset ${own.offset} of ${topic}/${partition}, which ends at ${high}`;
    tell(new Fault("not_found", `${was}: the topic was made anew; going on at its beginning, ${low}`));
    return { ...known, offset: low };
  }
  if (own.offset < low) {
    tell(new Fault("not_found", describeLoss({ group, topic, partition, from: own.offset, to: low })));
  }
  return { ...known, offset: Math.max(own.offset, low) };
}
