/** Reads what an OTLP/HTTP backend answered, in protobuf or JSON; garbage is told apart from silence. */
import {
  type Carried,
  decodeStatus,
  type PartialSuccess,
  responseFromJson,
  type Status,
  statusFromJson,
  WireError,
} from "@rondo/otlp";
import type { HttpAnswer } from "../http/post.ts";
import { readResponse, words } from "../partial-success.ts";

const NOTHING: PartialSuccess = { rejected: 0, message: "" };

/**
 * The partial success of a 2xx. A body that is none is reported as a warning with nothing rejected, since the status has
 * accepted the request; an HTML page most of all is a sign that the endpoint is not an OTLP one.
 */
export function readPartial(signal: Carried, { headers, body, cut }: HttpAnswer): PartialSuccess {
  const type = mediaType(headers["content-type"]);
  if (cut) return { rejected: 0, message: "its answer was too long or broke off and is ignored" };
  if (body.length === 0) return NOTHING;
  if (type === "application/json") return readJson(signal, body) ?? odd(type);
  if (type === "application/x-protobuf" || type === "") return readResponse(body) ?? odd(type);
  // Backends that are not strict answer `ok` as text; a page is no backend.
  return type === "text/html" ? odd(type) : NOTHING;
}

const odd = (type: string): PartialSuccess => ({
  rejected: 0,
  message: `its answer (${type === "" ? "of no type" : type}) is not an OTLP response; does the endpoint take OTLP?`,
});

/** Why the backend refused, in its own words when it sent a google.rpc.Status or a short text. */
export function readRefusal({ statusCode, headers, body }: HttpAnswer): string {
  const type = mediaType(headers["content-type"]);
  const said =
    type === "application/x-protobuf"
      ? messageOf(decodeStatus, body)
      : type === "application/json"
        ? messageOf(statusFromJson, body)
        : "";
  const text = type === "text/plain" ? body.toString("utf8") : said;
  return words(text === "" ? `HTTP ${statusCode}` : `HTTP ${statusCode}: ${text}`);
}

function mediaType(header: string | undefined): string {
  return (header ?? "").split(";", 1).join("").trim().toLowerCase();
}

function messageOf(read: (body: Buffer) => Status, body: Buffer): string {
  try {
    return read(body).message;
  } catch (thrown) {
    if (thrown instanceof WireError) return "";
    throw thrown;
  }
}

function readJson(signal: Carried, body: Buffer): PartialSuccess | undefined {
  try {
    return responseFromJson(signal, body) ?? NOTHING;
  } catch (thrown) {
    if (thrown instanceof WireError) return undefined;
    throw thrown;
  }
}
