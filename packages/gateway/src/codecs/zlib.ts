/** gzip, zlib and zstd: at once while small, else by Node's streams on the threads of libuv, stopped at any piece. */
import type { Transform } from "node:stream";
import {
  constants,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  inflateSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdDecompressSync,
} from "node:zlib";
import { Fault, memoryShortage } from "@rondo/core";
import { type Codec, type Output, PIECE_BYTES } from "./codec.ts";

/** The largest window that a zstd frame may ask for, as a power of two: 128 MiB is what zstd itself decodes by default. */
const ZSTD_WINDOW_LOG = 27;

/** What is expected to be no larger is tried at once: a tenth of a millisecond, where the way to a thread and back costs half as much. */
const AT_ONCE_BYTES = 128 << 10;

type Options = ZlibOptions & ZstdOptions;

function codec(
  name: string,
  atOnce: (body: Uint8Array, options: Options) => Buffer,
  stream: (options: Options) => Transform,
): Codec {
  const faultOf = (thrown: unknown) =>
    memoryShortage(thrown) ??
    new Fault("invalid", `${name}: ${thrown instanceof Error ? thrown.message : thrown}`, { cause: thrown });

  /** The whole output, or undefined when that is too much for the loop. */
  const small = (body: Uint8Array, { pieceBytes }: Output): Buffer | undefined => {
    if (pieceBytes > AT_ONCE_BYTES || body.length > AT_ONCE_BYTES) return undefined;
    try {
      return atOnce(body, { chunkSize: pieceBytes, maxOutputLength: AT_ONCE_BYTES });
    } catch (thrown) {
      if (thrown instanceof Error && "code" in thrown && thrown.code === "ERR_BUFFER_TOO_LARGE") return undefined;
      throw faultOf(thrown);
    }
  };

  const made = (pieceBytes: number): Transform => {
    try {
      return stream({ chunkSize: Math.max(PIECE_BYTES, pieceBytes) });
    } catch (thrown) {
      throw memoryShortage(thrown) ?? thrown;
    }
  };

  const streamed = (body: Uint8Array, output: Output): Promise<void> =>
    new Promise((resolve, reject) => {
      const inflating = made(output.pieceBytes);
      inflating.on("data", (piece: Buffer) => {
        try {
          output.take(piece);
        } catch (thrown) {
          inflating.destroy();
          reject(thrown);
        }
      });
      inflating.on("error", (thrown) => reject(faultOf(thrown)));
      inflating.on("end", resolve);
      inflating.end(body);
    });

  return async (body, output) => {
    const whole = small(body, output);
    if (whole !== undefined) return output.take(whole);
    await output.place();
    await streamed(body, output);
  };
}

/** RFC 1952. Several members are one body. */
export const gzip: Codec = codec("gzip", gunzipSync, createGunzip);

/** RFC 1950, which HTTP calls `deflate`: RFC 9110 §8.4.1.2. */
export const zlib: Codec = codec("zlib", inflateSync, createInflate);

const windowed = (options: Options): Options => ({
  ...options,
  params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
});

/** RFC 8878. Several frames are one body. */
export const zstd: Codec = codec(
  "zstd",
  (body, options) => zstdDecompressSync(body, windowed(options)),
  (options) => createZstdDecompress(windowed(options)),
);
