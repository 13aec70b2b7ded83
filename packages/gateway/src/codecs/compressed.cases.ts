/** Writes every format as its specification says, with no more than tests need: bytes as they are, and bombs. */
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { crc32c, xxhash32 } from "@rondo/core";

/** A little-endian integer of four bytes. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The length that a block of snappy begins with. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) return Buffer.from(bytes);
  }
}

/** A chunk of snappy's framing format; with its checksum where `sum` is given. */
export function chunk(type: number, data: Uint8Array, sum?: number): Buffer {
  const head = Buffer.alloc(sum === undefined ? 4 : 8);
  head.writeUInt32LE((type | ((data.length + head.length - 4) << 8)) >>> 0);
  if (sum !== undefined) head.writeUInt32LE(sum, 4);
  return Buffer.concat([head, data]);
}

/** The checksum of a chunk. */
export function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** What a stream of snappy begins with. */
export const IDENTIFIER = chunk(0xff, Buffer.from("sNaPpY"));

/** How a frame of LZ4 differs from one of version 1 with blocks of 64 KiB by themselves and without checksums. */
export interface FrameOptions {
  readonly flags?: number;
  readonly sizes?: number;
  readonly rest?: Buffer;
  readonly sum?: number;
}

/** A frame of LZ4 of the given blocks, each with its length in front. */
export function frame(
  blocks: readonly Uint8Array[],
  { flags = 0x60, sizes = 0x40, rest, sum }: FrameOptions = {},
): Buffer {
  const descriptor = Buffer.concat([Buffer.from([flags, sizes]), rest ?? Buffer.alloc(0)]);
  const check = sum ?? (xxhash32(descriptor) >>> 8) & 255;
  return Buffer.concat([uint32(0x184d2204), descriptor, Buffer.from([check]), ...blocks, uint32(0)]);
}

/** A compressed block of LZ4 in a frame. */
export const compressedBlock = (bytes: Uint8Array) => Buffer.concat([uint32(bytes.length), bytes]);

/** A block of bytes as they are in a frame of LZ4. */
export const plainBlock = (bytes: Uint8Array) => Buffer.concat([uint32(bytes.length + 2 ** 31), bytes]);

const PIECE = 1 << 16;

/** Bytes in pieces of so many. */
export const pieces = (bytes: Uint8Array, size = PIECE) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

/** A block of snappy that is one literal, its length in four bytes; of nothing it has none. */
export const snappyBlock = (bytes: Uint8Array) =>
  Buffer.concat([
    varint(bytes.length),
    ...(bytes.length === 0 ? [] : [Buffer.from([63 << 2]), uint32(bytes.length - 1), bytes]),
  ]);

/** A stream of snappy whose chunks are not compressed, as Go's clients begin one. */
export const snappyFramed = (bytes: Uint8Array) =>
  Buffer.concat([IDENTIFIER, ...pieces(bytes).map((piece) => chunk(1, piece, masked(piece)))]);

/** A stream of snappy of so many zeros, up to a whole chunk. */
export function zerosFramed(length: number): Buffer {
  const one = chunk(0, zeroBlock(PIECE), masked(Buffer.alloc(PIECE)));
  return Buffer.concat([IDENTIFIER, repeated(one, Math.ceil(length / PIECE))]);
}

/** So many copies, one behind the other. */
export const repeated = (piece: Uint8Array, times: number) => Buffer.alloc(piece.length * times, piece);

/** A block of snappy of so many zeros. */
export function zeroBlock(length: number): Buffer {
  const copies = Buffer.alloc(3 * Math.floor((length - 1) / 64), Buffer.from([0xfe, 1, 0]));
  const rest = (length - 1) % 64;
  const last = rest === 0 ? Buffer.alloc(0) : Buffer.from([((rest - 1) << 2) | 2, 1, 0]);
  return Buffer.concat([varint(length), Buffer.from([0, 0]), copies, last]);
}

/** A compressed LZ4 block of 65,536 zeros: one, then a copy of all the others. */
const ZEROS = compressedBlock(Buffer.from([0x1f, 0, 1, 0, ...new Array<number>(256).fill(255), 236, 0]));

/** A writer of each encoding, and of so many zeros in it, as small as it gets. */
export const WRITERS: readonly {
  readonly encoding: string;
  readonly compress: (bytes: Buffer) => Buffer;
  readonly zeros: (length: number) => Buffer;
}[] = [
  { encoding: "gzip", compress: gzipSync, zeros: (length) => gzipSync(Buffer.alloc(length)) },
  { encoding: "zlib", compress: deflateSync, zeros: (length) => deflateSync(Buffer.alloc(length)) },
  { encoding: "deflate", compress: deflateSync, zeros: (length) => deflateSync(Buffer.alloc(length)) },
  { encoding: "zstd", compress: zstdCompressSync, zeros: (length) => zstdCompressSync(Buffer.alloc(length)) },
  { encoding: "snappy", compress: snappyBlock, zeros: zeroBlock },
  {
    encoding: "x-snappy-framed",
    compress: snappyFramed,
    zeros: zerosFramed,
  },
  {
    encoding: "lz4",
    compress: (bytes) => frame(pieces(bytes).map(plainBlock)),
    zeros: (length) => frame(new Array<Buffer>(Math.ceil(length / PIECE)).fill(ZEROS)),
  },
];
