/** Writes the gateway's answers as OTLP/HTTP asks: in the request's encoding, errors as google.rpc.Status, waits as Retry-After. */
import type { ServerResponse } from "node:http";
import { type Carried, encodeResponse, encodeStatus, responseToJson, type Status, statusToJson } from "@rondo/otlp";
import type { Answer, Refused } from "./intake.ts";
import { HTTP_ONLY, refusalStatus, statusOf } from "./status-table.ts";

/** One encoding of OTLP/HTTP. */
export interface Encoding {
  readonly name: "protobuf" | "json";
  readonly contentType: string;
  readonly status: (status: Status) => Uint8Array | string;
  readonly response: (...given: Parameters<typeof encodeResponse>) => Uint8Array | string;
}

const PLAIN = "text/plain; charset=utf-8";

/** By media type, parameters such as a charset left away. */
const ENCODINGS: ReadonlyMap<string, Encoding> = new Map(
  [
    {
      name: "protobuf",
      contentType: "application/x-protobuf",
      status: encodeStatus,
      response: encodeResponse,
    } as const,
    { name: "json", contentType: "application/json", status: statusToJson, response: responseToJson } as const,
  ].map((encoding) => [encoding.contentType, encoding]),
);

/** The encoding that a Content-Type names; undefined for any other. */
export function encodingOf(contentType = ""): Encoding | undefined {
  const found = ENCODINGS.get(contentType);
  if (found !== undefined) return found;
  const [mediaType = ""] = contentType.split(";", 1);
  return ENCODINGS.get(mediaType.trim().toLowerCase());
}

/** Answers a request that went through the intake. */
export function writeAnswer(response: ServerResponse, answer: Answer, encoding: Encoding, signal: Carried): void {
  if (answer.kind === "refused") {
    writeRefusal(response, answer, encoding);
  } else {
    const { rejected, message } = answer;
    const partial = rejected > 0 ? { rejected, message } : undefined;
    write(response, 200, encoding.contentType, encoding.response(signal, partial));
  }
}

/** Refuses a request; in plain text when its Content-Type is none of OTLP's. */
export function writeRefusal(response: ServerResponse, refused: Refused, encoding: Encoding | undefined): void {
  const { fault, afterMs } = refused;
  const { http } = statusOf(fault);
  if (afterMs !== undefined) response.setHeader("Retry-After", Math.ceil(afterMs / 1_000));
  if (encoding === undefined) write(response, http, PLAIN, fault.message);
  else write(response, http, encoding.contentType, encoding.status(refusalStatus(refused)));
}

/** Answers a request that is none of OTLP's; in plain text when its Content-Type is none either. */
export function writeHttpOnly(
  response: ServerResponse,
  http: keyof typeof HTTP_ONLY,
  message: string,
  encoding: Encoding | undefined,
): void {
  if (encoding === undefined) write(response, http, PLAIN, message);
  else write(response, http, encoding.contentType, encoding.status({ code: HTTP_ONLY[http], message }));
}

function write(response: ServerResponse, status: number, contentType: string, body: Uint8Array | string): void {
  response.writeHead(status, { "Content-Type": contentType, "Content-Length": Buffer.byteLength(body) });
  if (body.length > 0) response.end(body);
  else response.end();
}
