/** A log that counts what it is given and keeps nothing, for what a gateway costs by itself. */
import type { Broker } from "@rondo/broker";

/** Makes one of so many partitions; `state` is that of another log. */
export function countingLog(
  state: Broker["state"],
  partitions: number,
): Pick<Broker, "append" | "state" | "partitions"> {
  const offsets = new Map<string, number>();
  return {
    state,
    partitions: async () => partitions,
    async append(topic, partition, records) {
      const key = `${topic}/${partition}`;
      const baseOffset = offsets.get(key) ?? 0;
      offsets.set(key, baseOffset + records.length);
      return { baseOffset, timestamp: Date.now(), returned: true };
    },
  };
}
