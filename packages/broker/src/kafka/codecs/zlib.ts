/** gzip and zstd, which Node has: at once while that is short, else on the threads of libuv. */
import { promisify } from "node:util";
import {
  constants,
  gunzip,
  gunzipSync,
  gzip as gzipAsync,
  gzipSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from "node:zlib";
import { memoryShortage } from "@rondo/core";
import { type Codec, corrupt, tooLarge } from "./codec.ts";

/** Up to this many bytes are undone at once: 0.7 ms of gzip, 0.3 of zstd, where the way to a thread and back takes 0.1. */
const AT_ONCE_BYTES = 1 << 20;
/** The size in which memory is asked for, bytes, where nothing is known of what will come. */
const PIECE_BYTES = 256 << 10;
/** Telemetry becomes five times as large: memory for a little more at once spares joining pieces, which costs as much as zstd itself. */
const EXPECTED_RATIO = 8;
const LEAST_BYTES = 4 << 10;

type Options = ZlibOptions & ZstdOptions;
type AtOnce = (bytes: Uint8Array, options: Options) => Buffer;
type OnThread = (bytes: Uint8Array, options: Options) => Promise<Buffer>;

interface Format {
  readonly name: string;
  readonly id: number;
  /** The fastest level: the next ones take twice the time and more for a tenth of the size. */
  readonly fastest: Options;
  /** Up to this many bytes are compressed at once: about a millisecond. */
  readonly compressAtOnce: number;
  readonly compressSync: AtOnce;
  readonly compress: OnThread;
  readonly inflateSync: AtOnce;
  readonly inflate: OnThread;
}

function codec(format: Format): Codec {
  const { name, id, fastest, compressAtOnce, compressSync, compress, inflateSync, inflate } = format;
  const faultOf = (thrown: unknown, limit: number) => {
    if (isTooLarge(thrown)) return tooLarge(name, limit);
    return memoryShortage(thrown) ?? corrupt(name, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  };

  /** The whole output; undefined when that is too much for the loop. */
  const atOnce = (bytes: Buffer, limit: number): Buffer | undefined => {
    if (bytes.length > AT_ONCE_BYTES) return undefined;
    try {
      const chunkSize = Math.min(AT_ONCE_BYTES, Math.max(LEAST_BYTES, bytes.length * EXPECTED_RATIO));
      return inflateSync(bytes, { chunkSize, maxOutputLength: Math.min(limit, AT_ONCE_BYTES) });
    } catch (thrown) {
      if (isTooLarge(thrown) && limit > AT_ONCE_BYTES) return undefined;
      throw faultOf(thrown, limit);
    }
  };

  return {
    id,
    async compress(records) {
      const options = { ...fastest, chunkSize: PIECE_BYTES };
      return [records.length > compressAtOnce ? await compress(records, options) : compressSync(records, options)];
    },
    async inflate(bytes, limit) {
      const whole = atOnce(bytes, limit);
      if (whole !== undefined) return whole;
      try {
        return await inflate(bytes, { chunkSize: PIECE_BYTES, maxOutputLength: limit });
      } catch (thrown) {
        throw faultOf(thrown, limit);
      }
    },
  };
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ERR_BUFFER_TOO_LARGE";
}

/** RFC 1952. https://kafka.apache.org/documentation/#messageformat: 1. */
export const gzip: Codec = codec({
  name: "gzip",
  id: 1,
  fastest: { level: constants.Z_BEST_SPEED },
  compressAtOnce: 256 << 10,
  compressSync: gzipSync,
  compress: promisify<Uint8Array, Options, Buffer>(gzipAsync),
  inflateSync: gunzipSync,
  inflate: promisify<Uint8Array, Options, Buffer>(gunzip),
});

/** RFC 8878. https://kafka.apache.org/documentation/#messageformat: 4. */
export const zstd: Codec = codec({
  name: "zstd",
  id: 4,
  fastest: { params: { [constants.ZSTD_c_compressionLevel]: 1 } },
  compressAtOnce: 1 << 20,
  compressSync: zstdCompressSync,
  compress: promisify<Uint8Array, Options, Buffer>(zstdCompress),
  inflateSync: zstdDecompressSync,
  inflate: promisify<Uint8Array, Options, Buffer>(zstdDecompress),
});
