/** Bodies in each compression that receivers undo: whole ones, and bombs, which are small and become as large as is asked. */
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { crc32c } from "@rondo/core";

type Compress = (bytes: Uint8Array) => Uint8Array;

// The fastest level: only the format matters.
const zlib: Compress = (bytes) => deflateSync(bytes, { level: 1 });

/** By `Content-Encoding`. Those that are not Node's store the bytes as they are, which is valid, and needs no library. */
export const COMPRESSORS = {
  gzip: (bytes) => gzipSync(bytes, { level: 1 }),
  deflate: zlib,
  zlib,
  zstd: (bytes) => zstdCompressSync(bytes),
  snappy: (bytes) => Buffer.concat([varint(bytes.length), ...(bytes.length === 0 ? [] : [literal(bytes)])]),
  "x-snappy-framed": (bytes) =>
    Buffer.concat([SNAPPY_STREAM, ...pieces(bytes, 1 << 16).map((piece) => chunk(1, piece, piece))]),
  lz4: (bytes) => lz4Frame(pieces(bytes, LZ4_BLOCK).map((piece) => lz4Block(piece, 2 ** 31))),
} satisfies Record<string, Compress>;

/** A name of the table. */
export type Compression = keyof typeof COMPRESSORS;

/** All of them. */
export const COMPRESSIONS = Object.keys(COMPRESSORS) as readonly Compression[]; // Its type is made of these keys.

/** A body that becomes `bytes` zeros, as small as its format lets it be. */
export function bomb(compression: Compression, bytes: number): Uint8Array {
  if (compression === "snappy") return zeroBlock(bytes);
  if (compression === "x-snappy-framed") {
    const zeros = Buffer.alloc(1 << 16);
    const one = chunk(0, zeroBlock(zeros.length), zeros);
    return Buffer.concat([SNAPPY_STREAM, repeated(one, Math.ceil(bytes / zeros.length))]);
  }
  if (compression === "lz4") return lz4Frame([repeated(lz4Zeros(), Math.ceil(bytes / LZ4_BLOCK))]);
  return COMPRESSORS[compression](Buffer.alloc(bytes));
}

const repeated = (piece: Uint8Array, times: number) => Buffer.alloc(piece.length * times, piece);

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Uint8Array.from([...out, rest]);
}

function pieces(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

function littleEndian(value: number, bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  out.writeUIntLE(value, 0, bytes);
  return out;
}

/** A literal of Snappy, its length in four bytes. format_description.txt, §2.1. */
function literal(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(63 << 2), littleEndian(bytes.length - 1, 4), bytes]);
}

/** A block of zeros: one of them, and copies of it, 64 bytes in three. §2.2. */
function zeroBlock(length: number): Uint8Array {
  const copies = Math.ceil((length - 1) / 64);
  const last = length - 1 - (copies - 1) * 64;
  const copy = (bytes: number) => Uint8Array.of(((bytes - 1) << 2) | 2, 1, 0);
  return Buffer.concat([varint(length), literal(Uint8Array.of(0)), repeated(copy(64), copies - 1), copy(last)]);
}

const SNAPPY_STREAM = Buffer.from("\xff\x06\x00\x00sNaPpY", "latin1");

/** A chunk of a Snappy stream: compressed (0) or as it is (1), with the checksum of what it becomes. framing_format.txt. */
function chunk(type: 0 | 1, data: Uint8Array, becomes: Uint8Array): Uint8Array {
  const crc = crc32c(becomes);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  return Buffer.concat([Uint8Array.of(type), littleEndian(data.length + 4, 3), littleEndian(masked, 4), data]);
}

const LZ4_BLOCK = 4 << 20;
/** Magic number; version 1, blocks of at most 4 MiB by themselves; the checksum of those two bytes. lz4_Frame_format.md. */
const LZ4_HEAD = Buffer.from("04224d18607073", "hex");

function lz4Frame(blocks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([LZ4_HEAD, ...blocks, littleEndian(0, 4)]);
}

/** A block; `flag` is 2^31 for one that is stored as it is. */
function lz4Block(data: Uint8Array, flag: number): Uint8Array {
  return Buffer.concat([littleEndian(data.length + flag, 4), data]);
}

/** A block of zeros: one, a match that goes on for almost all of it, and the five literals that every block ends with. */
function lz4Zeros(): Uint8Array {
  const match = LZ4_BLOCK - 1 - 5 - 4 - 15;
  const data = Buffer.concat([
    Uint8Array.of(0x1f, 0, 1, 0),
    Buffer.alloc(Math.floor(match / 255), 255),
    Uint8Array.of(match % 255, 0x50, 0, 0, 0, 0, 0),
  ]);
  return lz4Block(data, 0);
}
