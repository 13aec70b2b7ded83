/** The two versions of remote write: how each is written, announced, and answered. */
import type { IncomingHttpHeaders } from "node:http";
import { compress } from "snappyjs";
import type { HttpBody } from "../http/connections.ts";
import type { Chunk } from "./chunks.ts";
import type { RemoteWriteValues } from "./config.ts";
import { encodeWriteRequest } from "./write-request.ts";
import { encodeRequestV2 } from "./write-request-v2.ts";

/** One version of the protocol. */
export interface Protocol {
  encode(chunk: Chunk, metadata: boolean): Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether answers say how many samples were written. */
  readonly counts: boolean;
}

/** By `protobuf_message`. */
export const PROTOCOLS: Readonly<Record<RemoteWriteValues["protobuf_message"], Protocol>> = {
  "prometheus.WriteRequest": {
    encode: encodeWriteRequest,
    headers: { "content-type": "application/x-protobuf", "x-prometheus-remote-write-version": "0.1.0" },
    counts: false,
  },
  "io.prometheus.write.v2.Request": {
    encode: encodeRequestV2,
    headers: {
      "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
      "x-prometheus-remote-write-version": "2.0.0",
    },
    counts: true,
  },
};

/**
 * A request ready to be sent. Snappy's block format is the only compression that both versions know; both demand their
 * version in a header, and version 2 in the media type as well.
 */
export function requestOf(chunk: Chunk, protocol: Protocol, metadata: boolean): HttpBody {
  const body = compress(protocol.encode(chunk, metadata));
  return {
    body,
    headers: { ...protocol.headers, "content-encoding": "snappy", "content-length": body.byteLength },
  };
}

/** The samples that an answer of version 2 says were written; undefined when it does not say. */
export function writtenSamples(headers: IncomingHttpHeaders): number | undefined {
  const said = headers["x-prometheus-remote-write-samples-written"];
  return typeof said === "string" && /^\d+$/.test(said) ? Number(said) : undefined;
}
