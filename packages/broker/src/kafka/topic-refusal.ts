/**
 * Refusals that speak of how a topic is set and not of the data: what was cut to Rondo's own limit, and has no flaw, would be taken if the
 * topic were as Rondo makes it. Nobody's data is dropped for that: whoever appends is told to come back, and its partition waits.
 */
import { Fault } from "@rondo/core";
import type { Failure } from "./kafka-fault.ts";

/** What to set, by the protocol's name of the refusal. */
const SETTINGS: Readonly<Record<string, (batchBytes: number) => string>> = {
  MESSAGE_TOO_LARGE: (batchBytes) => `max.message.bytes=${batchBytes}`,
  // The batch does not fit into a file of the partition.
  RECORD_LIST_TOO_LARGE: (batchBytes) => `segment.bytes=${Math.max(batchBytes, 64 << 20)}`,
  // A topic that is compacted takes no records without a key.
  INVALID_RECORD: () => "cleanup.policy=delete",
  INVALID_TIMESTAMP: () => "message.timestamp.type=LogAppendTime",
};

/**
 * The Fault for such a refusal, `unavailable`, with the command that ends it; undefined for any other failure. `batchBytes` is what a
 * topic must take at once.
 */
export function topicRefusal({ name }: Failure, topic: string, batchBytes: number): Fault | undefined {
  const setting = SETTINGS[name]?.(batchBytes);
  if (setting === undefined) return undefined;
  return new Fault(
    "unavailable",
    `topic ${topic} refuses what it must take (${name}): kafka-configs.sh --alter --topic ${topic} --add-config ${setting}`,
  );
}
