/** CRC-32C (Castagnoli), which guards batches of Kafka and chunks of snappy. Node has only the other CRC-32; eight tables make this one fast. */

const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** `TABLES[256 * k + b]` is the CRC of byte `b` followed by `k` zero bytes. */
const TABLES = new Int32Array(256 * SLICES);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  TABLES[byte] = crc;
}
for (let index = 256; index < TABLES.length; index++) {
  const before = TABLES[index - 256] ?? 0;
  TABLES[index] = (before >>> 8) ^ (TABLES[before & 0xff] ?? 0);
}

const NONE = new Int32Array(0);

/** The CRC-32C of some bytes, as an unsigned integer; of bytes that follow others, given the CRC of those. RFC 3720, B.4. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const tables = TABLES;
  let crc = before ^ -1;
  let at = 0;
  // Words are read only where the machine's memory lets them be: at addresses that four divides.
  const aligned = Math.min(bytes.length, (4 - (bytes.byteOffset & 3)) & 3);
  while (at < aligned) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at++] ?? 0)) & 0xff] ?? 0);
  const pairs = ((bytes.length - at) >>> 3) << 1;
  const words = pairs === 0 ? NONE : new Int32Array(bytes.buffer, bytes.byteOffset + at, pairs);
  for (let word = 0; word < pairs; word += 2) {
    const low = crc ^ (words[word] ?? 0);
    const high = words[word + 1] ?? 0;
    crc =
      (tables[1792 + (low & 0xff)] ?? 0) ^
      (tables[1536 + ((low >>> 8) & 0xff)] ?? 0) ^
      (tables[1280 + ((low >>> 16) & 0xff)] ?? 0) ^
      (tables[1024 + (low >>> 24)] ?? 0) ^
      (tables[768 + (high & 0xff)] ?? 0) ^
      (tables[512 + ((high >>> 8) & 0xff)] ?? 0) ^
      (tables[256 + ((high >>> 16) & 0xff)] ?? 0) ^
      (tables[high >>> 24] ?? 0);
  }
  at += pairs * 4;
  while (at < bytes.length) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at++] ?? 0)) & 0xff] ?? 0);
  return (crc ^ -1) >>> 0;
}
