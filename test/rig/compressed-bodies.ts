/** Bodies in each compression that receivers undo: whole ones, and bombs, which are small and become as large as is asked. */
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  compressedBlock,
  frame,
  pieces,
  plainBlock,
  repeated,
  snappyBlock,
  snappyFramed,
  zeroBlock,
  zerosFramed,
} from "../../packages/gateway/src/codecs/compressed.cases.ts";

type Compress = (bytes: Uint8Array) => Uint8Array;

// The fastest level: only the format matters.
const zlib: Compress = (bytes) => deflateSync(bytes, { level: 1 });

/** By `Content-Encoding`. Those that are not Node's store the bytes as they are, which is valid, and needs no library. */
export const COMPRESSORS = {
  gzip: (bytes) => gzipSync(bytes, { level: 1 }),
  deflate: zlib,
  zlib,
  zstd: (bytes) => zstdCompressSync(bytes),
  snappy: snappyBlock,
  "x-snappy-framed": snappyFramed,
  lz4: (bytes) => lz4Frame(pieces(bytes, LZ4_BLOCK).map(plainBlock)),
} satisfies Record<string, Compress>;

/** A name of the table. */
export type Compression = keyof typeof COMPRESSORS;

/** All of them. */
export const COMPRESSIONS = Object.keys(COMPRESSORS) as readonly Compression[]; // Its type is made of these keys.

/** A body that becomes `bytes` zeros, as small as its format lets it be. */
export function bomb(compression: Compression, bytes: number): Uint8Array {
  if (compression === "snappy") return zeroBlock(bytes);
  if (compression === "x-snappy-framed") return zerosFramed(bytes);
  if (compression === "lz4") return lz4Frame([repeated(lz4Zeros(), Math.ceil(bytes / LZ4_BLOCK))]);
  return COMPRESSORS[compression](Buffer.alloc(bytes));
}

/** The largest block that a frame of LZ4 may have, and how its header says so. */
const LZ4_BLOCK = 4 << 20;
const lz4Frame = (blocks: readonly Uint8Array[]) => frame(blocks, { sizes: 0x70 });

/** A block of zeros: one, a match that goes on for almost all of it, and the five literals that every block ends with. */
function lz4Zeros(): Uint8Array {
  const match = LZ4_BLOCK - 1 - 5 - 4 - 15;
  const ended = Uint8Array.of(match % 255, 0x50, 0, 0, 0, 0, 0);
  return compressedBlock(
    Buffer.concat([Uint8Array.of(0x1f, 0, 1, 0), Buffer.alloc(Math.floor(match / 255), 255), ended]),
  );
}
