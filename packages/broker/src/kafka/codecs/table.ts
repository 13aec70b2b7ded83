/** The compressions of record batches, by the names that Kafka's `compression.type` has for them. */
import type { Codec } from "./codec.ts";
import { lz4 } from "./lz4.ts";
import { snappy } from "./snappy.ts";
import { gzip, zstd } from "./zlib.ts";

/** How batches are written; all of them are always read. */
export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** By name. */
export const CODECS: Readonly<Record<Exclude<Compression, "none">, Codec>> = { gzip, snappy, lz4, zstd };

const BY_ID = new Map(Object.values(CODECS).map((codec) => [codec.id, codec]));

/** The codec of a number in a batch's attributes; undefined for those that Kafka has no compression for. */
export function codecOf(id: number): Codec | undefined {
  return BY_ID.get(id);
}
