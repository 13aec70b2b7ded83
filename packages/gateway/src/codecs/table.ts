/** The compressions that a request may have, by their names in `Content-Encoding` and `grpc-encoding`. */
import type { Codec } from "./codec.ts";
import { lz4 } from "./lz4.ts";
import { snappy, snappyFramed } from "./snappy.ts";
import { gzip, zlib, zstd } from "./zlib.ts";

/**
 * The codecs, as the Collector names them: `deflate` is the zlib format, and `snappy` either of its two. Collector:
 * config/confighttp, compression.go.
 */
export const CODECS: ReadonlyMap<string, Codec> = new Map([
  ["gzip", gzip],
  ["zstd", zstd],
  ["zlib", zlib],
  ["deflate", zlib],
  ["snappy", snappy],
  ["x-snappy-framed", snappyFramed],
  ["lz4", lz4],
]);
