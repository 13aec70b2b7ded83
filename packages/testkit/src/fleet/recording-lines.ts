/** A fleet's requests in the format of recordings: one JSON object a line, the body in base64 as it went over the wire. */
import { gzipSync } from "node:zlib";
import type { FleetRequest } from "./fleet-request.ts";

/** What an SDK says of a protobuf body, by transport. */
const CONTENT_TYPE = { http: "application/x-protobuf", grpc: "application/grpc" } as const;

/** The text of a recording. */
export function recordingText(requests: readonly FleetRequest[]): string {
  return requests.map((request) => `${lineOf(request)}\n`).join("");
}

function lineOf({ t, via, signal, encoding, body }: FleetRequest): string {
  const sent = encoding === "gzip" ? gzipSync(body) : body;
  const contentType = CONTENT_TYPE[via];
  return JSON.stringify({ t, via, signal, encoding, contentType, body: Buffer.from(sent).toString("base64") });
}
