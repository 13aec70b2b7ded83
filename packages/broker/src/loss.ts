/**
 * What retention removed before a group had read it: noticed by the reader that finds it gone, told once, counted, and written
 * down in `rondo.state`, so that the account can name it after every process that saw it has ended.
 */
import type { GroupPosition, Watermarks } from "./log.ts";
import type { StateStore } from "./state.ts";

/** A run of records that no reader of the group will ever see: offsets `from` up to, without, `to`. */
export interface Loss {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A loss in a sentence, for the log. */
export function describeLoss({ group, topic, partition, from, to }: Loss): string {
  return `group ${group} wants offset ${from} of ${topic}/${partition}, which retention has removed; going on at ${to}, ${to - from} records later`;
}

/** What a group has lost on one partition since it was registered. */
export interface LostRecords {
  readonly records: number;
  /** One past the last of them. */
  readonly until: number;
}

const NONE: LostRecords = { records: 0, until: 0 };

const keyOf = (group: string, partition: number) => `lost/${group}/${partition}`;

/**
 * Writes a loss down. One that is met again – its reader was killed before it committed anything – counts once. Rejects as
 * the store does.
 */
export async function noteLoss(state: StateStore, { group, partition, from, to }: Loss): Promise<void> {
  const before = await lostRecords(state, group, partition);
  if (to <= before.until) return;
  const lost: LostRecords = { records: before.records + to - Math.max(from, before.until), until: to };
  await state.put([{ key: keyOf(group, partition), value: Buffer.from(JSON.stringify(lost)) }]);
}

/** What was written down of a group's partition. */
export async function lostRecords(state: StateStore, group: string, partition: number): Promise<LostRecords> {
  const value = await state.get(keyOf(group, partition));
  // Written by `noteLoss` under the same key.
  return value === undefined ? NONE : (JSON.parse(Buffer.from(value).toString()) as LostRecords);
}

/** Everything lost to a group on a partition: what its readers met, and what is gone already and no reader has met yet. */
export function lostSoFar({ registered, committed }: GroupPosition, { low }: Watermarks, met: LostRecords): number {
  return met.records + Math.max(0, low - Math.max(committed ?? registered, met.until));
}
