/** MurmurHash2 as Kafka's producers use it to choose a partition (`org.apache.kafka.common.utils.Utils.murmur2`). */

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** The 32-bit hash, signed, equal to the Java client's. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const at = (index: number) => bytes[index] ?? 0;
  let hash = SEED ^ length;
  let pos = 0;
  for (; pos + 4 <= length; pos += 4) {
    let word = at(pos) | (at(pos + 1) << 8) | (at(pos + 2) << 16) | (at(pos + 3) << 24);
    word = Math.imul(word, M);
    word ^= word >>> 24;
    word = Math.imul(word, M);
    hash = Math.imul(hash, M) ^ word;
  }
  const left = length - pos;
  if (left === 3) hash ^= at(pos + 2) << 16;
  if (left >= 2) hash ^= at(pos + 1) << 8;
  if (left >= 1) {
    hash ^= at(pos);
    hash = Math.imul(hash, M);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}
