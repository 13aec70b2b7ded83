/** Finds a time in a partition: timestamps of the log never go back, so the place is searched by halves. */
import type { Broker } from "@rondo/broker";

/**
 * The offset of the first record that was appended at `time` (milliseconds since the epoch) or later; the high watermark when
 * there is none. Reads about as many records as a partition's length has bits. Throws what the broker throws.
 */
export async function offsetSince(broker: Broker, topic: string, partition: number, time: number): Promise<number> {
  let { low, high } = await broker.watermarks(topic, partition);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [record] = await broker.read(topic, partition, middle, 1);
    // What was removed since, or cannot be read, is no place to begin at.
    if (record === undefined || record.offset >= high) high = middle;
    else if (record.timestamp >= time) high = middle;
    else low = record.offset + 1;
  }
  return low;
}
