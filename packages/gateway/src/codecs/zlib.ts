/** gzip, zlib and zstd: Node's own streams, which inflate on the threads of libuv and are stopped at any piece. */
import type { Transform } from "node:stream";
import {
  constants,
  createGunzip,
  createInflate,
  createZstdDecompress,
  type ZlibOptions,
  type ZstdOptions,
} from "node:zlib";
import { Fault } from "@rondo/core";
import type { Codec } from "./codec.ts";

/** The largest window that a zstd frame may ask for, as a power of two: 128 MiB is what zstd itself decodes by default. */
const ZSTD_WINDOW_LOG = 27;

function streamed(name: string, create: (options: ZlibOptions & ZstdOptions) => Transform): Codec {
  return (body, output) =>
    new Promise((resolve, reject) => {
      const stream = create({ chunkSize: output.pieceBytes });
      stream.on("data", (piece: Buffer) => {
        try {
          output.take(piece);
        } catch (thrown) {
          stream.destroy();
          reject(thrown);
        }
      });
      stream.on("error", (thrown) => reject(new Fault("invalid", `${name}: ${thrown.message}`, { cause: thrown })));
      stream.on("end", resolve);
      stream.end(body);
    });
}

/** RFC 1952. Several members are one body. */
export const gzip: Codec = streamed("gzip", createGunzip);

/** RFC 1950, which HTTP calls `deflate`: RFC 9110 §8.4.1.2. */
export const zlib: Codec = streamed("zlib", createInflate);

/** RFC 8878. Several frames are one body. */
export const zstd: Codec = streamed("zstd", (options) =>
  createZstdDecompress({ ...options, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }),
);
