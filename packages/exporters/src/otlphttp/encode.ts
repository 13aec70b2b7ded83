/** Request bodies in the encodings and compressions of OTLP/HTTP. */
import { promisify } from "node:util";
import { deflate, gzip, zstdCompress } from "node:zlib";
import { type Batch, Fault } from "@rondo/core";
import { WireError } from "@rondo/otlp";
import type { HttpBody } from "../http/connections.ts";
import type { OtlpHttpValues } from "./config.ts";

type Compression = OtlpHttpValues["compression"];

/** Runs in Node's thread pool, so that a large body does not stop the event loop. */
type Compress = (body: Uint8Array) => Promise<Uint8Array>;

/** By `compression`: the Content-Encoding and how to get there. The HTTP coding `deflate` is the zlib format (RFC 9110, 8.4.1.2). */
const COMPRESSIONS: Readonly<Record<Compression, { readonly coding?: string; readonly compress?: Compress }>> = {
  none: {},
  gzip: { coding: "gzip", compress: promisify<Uint8Array, Uint8Array>(gzip) },
  zstd: { coding: "zstd", compress: promisify<Uint8Array, Uint8Array>(zstdCompress) },
  deflate: { coding: "deflate", compress: promisify<Uint8Array, Uint8Array>(deflate) },
  zlib: { coding: "zlib", compress: promisify<Uint8Array, Uint8Array>(deflate) },
};

/** By `encoding`: the media type, and the body; protobuf goes out as it is. */
const ENCODINGS = {
  proto: { type: "application/x-protobuf", encode: async ({ body }: Batch) => body },
  json: {
    type: "application/json",
    // Loaded when it is first asked for: most processes never speak JSON to a backend.
    encode: async ({ signal, body }: Batch): Promise<Uint8Array> => {
      if (signal === "profiles") throw new Fault("bug", "an exporter of profiles was made for JSON");
      const { requestToJson } = await import("@rondo/otlp/json");
      return requestToJson(signal, body);
    },
  },
} as const;

/** How bodies are to be written. */
export type BodyFormat = Pick<OtlpHttpValues, "encoding" | "compression">;

/** Encodes a batch; undefined when JSON was asked for and its bytes are no OTLP, which no retry can change. */
export async function encodeBody(batch: Batch, { encoding, compression }: BodyFormat): Promise<HttpBody | undefined> {
  const { type, encode } = ENCODINGS[encoding];
  const { coding, compress } = COMPRESSIONS[compression];
  const plain = await encode(batch).catch((thrown: unknown) => {
    if (thrown instanceof WireError) return undefined;
    throw thrown;
  });
  if (plain === undefined) return undefined;
  const body = compress === undefined ? plain : await compress(plain);
  return {
    body,
    headers: {
      "content-type": type,
      "content-length": body.byteLength,
      ...(coding !== undefined && { "content-encoding": coding }),
    },
  };
}
