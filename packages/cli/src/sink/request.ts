/** Bytes of a request as they come off a socket, made into a decoded message: read whole, inflated, decoded, all within bounds. */
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Fault } from "@rondo/core";
import type { Signal } from "@rondo/otlp";
import { decodeRequest } from "@rondo/otlp/codec";
import { requestFromJson } from "@rondo/otlp/json";
import type { Message } from "./canonical.ts";

/** How a request's body is written. */
export type Encoding = "protobuf" | "json";

/** Bytes of one request, before and after decompression: three times what Rondo's own receivers take. */
export const MAX_BODY = 64 << 20;

const gunzipped = promisify(gunzip);

/** Everything that a stream gives. Throws a Fault `too_large` when that is more than `most` bytes. */
export async function readWhole(stream: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > most) throw new Fault("too_large", `a request of more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/**
 * Undoes a content encoding: none, `identity` or `gzip`. Throws a Fault `unsupported` for others, `too_large` for a
 * body that grows beyond MAX_BODY, `invalid` for one that is not gzip.
 */
export async function inflate(encoding: string | undefined, body: Buffer): Promise<Buffer> {
  if (encoding === undefined || encoding === "" || encoding === "identity") return body;
  if (encoding !== "gzip") throw new Fault("unsupported", `encoding "${encoding}" is neither gzip nor identity`);
  try {
    return await gunzipped(body, { maxOutputLength: MAX_BODY });
  } catch (thrown) {
    const tooLarge = thrown instanceof RangeError;
    if (tooLarge) throw new Fault("too_large", `a gzip body that inflates to more than ${MAX_BODY} bytes`);
    throw new Fault(
      "invalid",
      `a body that says gzip and is not: ${thrown instanceof Error ? thrown.message : thrown}`,
    );
  }
}

/** Decodes a body. Throws what the codec throws for bytes that are no request of this signal. */
export function decodeBody(signal: Signal, encoding: Encoding, body: Buffer): Message {
  return { ...decodeRequest(signal, encoding === "json" ? requestFromJson(signal, body) : body) };
}
