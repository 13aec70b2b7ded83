/**
 * CRC-32C (Castagnoli), which guards batches of Kafka and of the embedded log, and chunks of snappy. Node has only the other CRC-32.
 * The processor's own instruction sums 7.7 GB/s, the best that JavaScript does 2.1: of a batch of 660 kB that is 86 µs and 314, and
 * each batch is summed up by whoever writes it and whoever reads it.
 */
import { crc32c as native } from "@node-rs/crc32";

/** The CRC-32C of some bytes, as an unsigned integer; of bytes that follow others, given the CRC of those. RFC 3720, B.4. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  return native(bytes, before);
}
