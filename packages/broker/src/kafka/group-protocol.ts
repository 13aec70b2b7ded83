/**
 * What members of a group say to each other, in the layout of Kafka's own consumer protocol, version 0, so that its tools can
 * show it; and how the leader shares the partitions.
 *
 * Subscription => version:INT16 [topic:STRING] user_data:BYTES     user_data => generation:INT32 [owned_partition:INT32]
 * Assignment   => version:INT16 [topic:STRING [partition:INT32]] user_data:BYTES   user_data => moving:INT8
 */
import { WireReader, WireWriter } from "./wire.ts";

/** The name under which members agree on this way of sharing. */
export const PROTOCOL_NAME = "rondo-sticky";

/** What a member holds when it joins. */
export interface Holding {
  readonly memberId: string;
  /** In which generation it last was given partitions; −1 when never. */
  readonly generation: number;
  readonly owned: readonly number[];
}

/** Writes what a member subscribes to and holds. */
export function writeSubscription(topic: string, { generation, owned }: Omit<Holding, "memberId">): Buffer {
  const userData = new WireWriter(8 + owned.length * 4).int32(generation).int32(owned.length);
  for (const partition of owned) userData.int32(partition);
  return new WireWriter().int16(0).int32(1).string(topic).sized(userData.bytes).bytes;
}

/** Reads what a member holds. A member of another make holds nothing. */
export function readSubscription(memberId: string, bytes: Buffer): Holding {
  const reader = new WireReader(bytes);
  reader.int16();
  reader.array(() => reader.string());
  if (reader.int32() < 8) return { memberId, generation: -1, owned: [] };
  const generation = reader.int32();
  return { memberId, generation, owned: reader.array(() => reader.int32()) };
}

/** What a member is given. */
export interface Assignment {
  readonly partitions: readonly number[];
  /** Some partitions are being given up and belong to nobody: the group will soon be joined again. */
  readonly moving: boolean;
}

/** Writes what a member is given. */
export function writeAssignment(topic: string, { partitions, moving }: Assignment): Buffer {
  const writer = new WireWriter().int16(0).int32(1).string(topic).int32(partitions.length);
  for (const partition of partitions) writer.int32(partition);
  return writer.sized(Buffer.of(moving ? 1 : 0)).bytes;
}

/** Reads what a member was given of one topic; nothing when the leader said nothing of it. */
export function readAssignment(topic: string, bytes: Buffer): Assignment {
  if (bytes.length === 0) return { partitions: [], moving: false };
  const reader = new WireReader(bytes);
  reader.int16();
  const topics = reader.array(() => [reader.string(), reader.array(() => reader.int32())] as const);
  const moving = reader.int32() > 0 && reader.int8() === 1;
  return { partitions: topics.find(([name]) => name === topic)?.[1] ?? [], moving };
}

/**
 * Shares partitions so that nobody has two more than anybody else, and nobody loses one without need. A partition that its
 * holder must give up is given to nobody: its holder ends its work on it and joins again without it, and it is shared then.
 * So whoever keeps its partitions never stops, and no partition has two owners. Deterministic.
 */
export function sharePartitions(
  members: readonly Holding[],
  partitions: number,
): ReadonlyMap<string, readonly number[]> {
  const owners = ownersOf(members, partitions);
  const shares = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  for (const [partition, memberId] of owners) shares.get(memberId)?.push(partition);
  const byId = (a: readonly [string, unknown], b: readonly [string, unknown]) => (a[0] < b[0] ? -1 : 1);
  // Whoever has most keeps the odd ones.
  const ranked = [...shares].sort((a, b) => b[1].length - a[1].length || byId(a, b));
  const least = Math.floor(partitions / ranked.length);
  const odd = partitions % ranked.length;
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter((one) => !owners.has(one));
  for (const [rank, [, share]] of ranked.entries()) {
    const quota = least + (rank < odd ? 1 : 0);
    share.sort((a, b) => a - b).splice(quota);
    share.push(...free.splice(0, quota - share.length));
  }
  return shares;
}

/** Who holds each partition. Of two that say so, the one of the later generation does. */
function ownersOf(members: readonly Holding[], partitions: number): ReadonlyMap<number, string> {
  const claims = members.flatMap(({ memberId, generation, owned }) =>
    owned.filter((one) => one < partitions).map((partition) => ({ partition, memberId, generation })),
  );
  const best = new Map<number, { readonly memberId: string; readonly generation: number }>();
  for (const { partition, memberId, generation } of claims.sort((a, b) => (a.memberId < b.memberId ? -1 : 1))) {
    const before = best.get(partition);
    if (before === undefined || before.generation < generation) best.set(partition, { memberId, generation });
  }
  return new Map([...best].map(([partition, { memberId }]) => [partition, memberId]));
}
