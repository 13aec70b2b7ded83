/** Snappy as gRPC and Collectors send it: a single block, or the framed stream. format_description.txt, framing_format.txt. */
import { crc32c, decodeSnappy, Fault, littleEndian, type SnappyReading, snappyLength } from "@rondo/core";
import { BLOCK_WORK, type Codec, type Output, SLICE_BYTES } from "./codec.ts";

const IDENTIFIER = Buffer.from("\xff\x06\x00\x00sNaPpY", "latin1");

/** Chunk types: §4 of the framing format. Other types below 0x80 must not be skipped. */
const CHUNK = { compressed: 0x00, uncompressed: 0x01, skippable: 0x80, identifier: 0xff } as const;
const CHUNK_BYTES = 1 << 16;

/** The framed stream when the body begins as one does, else a single block: what the Collector takes for `snappy`. */
export const snappy: Codec = (body, output) =>
  IDENTIFIER.equals(body.subarray(0, IDENTIFIER.length)) ? framed(body, output) : block(body, output);

/** The framed stream alone. */
export const snappyFramed: Codec = (body, output) => framed(body, output);

async function block(body: Uint8Array, output: Output): Promise<void> {
  const { length, at } = snappyLength(body);
  output.declared(length);
  const reading: SnappyReading = { at, out: Buffer.allocUnsafeSlow(length), filled: 0 };
  while (!decodeSnappy(body, reading, reading.filled + SLICE_BYTES)) await output.work(SLICE_BYTES);
  output.take(reading.out);
}

async function framed(body: Uint8Array, output: Output): Promise<void> {
  if (body[0] !== CHUNK.identifier) throw new Fault("invalid", "snappy: it does not begin with the stream identifier");
  const scratch = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let at = 0; at < body.length; ) {
    const type = body[at] ?? 0;
    const start = at + 4;
    at = start + littleEndian(body, at + 1, 3);
    if (at > body.length) throw new Fault("invalid", "snappy: a chunk ends early");
    const chunk = body.subarray(start, at);
    let made = 0;
    if (type === CHUNK.compressed || type === CHUNK.uncompressed) {
      const data = type === CHUNK.compressed ? wholeBlock(chunk.subarray(4), scratch) : chunk.subarray(4);
      if (littleEndian(chunk, 0, 4) !== masked(crc32c(data))) {
        throw new Fault("invalid", "snappy: a chunk does not have its checksum");
      }
      output.write(data);
      made = data.length;
    } else if (type === CHUNK.identifier) {
      if (!IDENTIFIER.subarray(4).equals(chunk)) throw new Fault("invalid", "snappy: a stream identifier is wrong");
    } else if (type < CHUNK.skippable) {
      throw new Fault("invalid", `snappy: a chunk of the unknown type ${type}`);
    }
    const turn = output.work(chunk.length + made + BLOCK_WORK);
    if (turn !== undefined) await turn;
  }
}

/** A checksum as chunks carry it: §3 of the framing format. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function wholeBlock(chunk: Uint8Array, scratch: Buffer): Buffer {
  const { length, at } = snappyLength(chunk);
  if (length > CHUNK_BYTES) throw new Fault("invalid", `snappy: a chunk of ${length} B; ${CHUNK_BYTES} B may be`);
  const out = scratch.subarray(0, length);
  decodeSnappy(chunk, { at, out, filled: 0 }, length + 1);
  return out;
}
