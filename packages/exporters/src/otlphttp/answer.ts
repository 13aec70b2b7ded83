/** Reads what an OTLP/HTTP backend answered, in protobuf or JSON; garbage is told apart from silence. */
import { decodeStatus, type PartialSuccess, type Signal, WireError } from "@rondo/otlp";
import type { HttpAnswer } from "../http/post.ts";
import { readResponse, words } from "../partial-success.ts";

/** The count's name in OTLP/JSON. */
const REJECTED: Readonly<Record<Signal, string>> = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
};

const NOTHING: PartialSuccess = { rejected: 0, message: "" };

/**
 * The partial success of a 2xx. A body that is none is reported as a warning with nothing rejected, since the status has
 * accepted the request; an HTML page most of all is a sign that the endpoint is not an OTLP one.
 */
export function readPartial(signal: Signal, { headers, body, cut }: HttpAnswer): PartialSuccess {
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
    type === "application/x-protobuf" ? statusMessage(body) : type === "application/json" ? jsonMessage(body) : "";
  const text = type === "text/plain" ? body.toString("utf8") : said;
  return words(text === "" ? `HTTP ${statusCode}` : `HTTP ${statusCode}: ${text}`);
}

function mediaType(header: string | undefined): string {
  return (header ?? "").split(";", 1).join("").trim().toLowerCase();
}

function statusMessage(body: Buffer): string {
  try {
    return decodeStatus(body).message;
  } catch (thrown) {
    if (thrown instanceof WireError) return "";
    throw thrown;
  }
}

function jsonMessage(body: Buffer): string {
  const message = member(parse(body), "message");
  return typeof message === "string" ? message : "";
}

function readJson(signal: Signal, body: Buffer): PartialSuccess | undefined {
  const root = parse(body);
  if (root === undefined) return undefined;
  const partial = member(root, "partialSuccess");
  const message = member(partial, "errorMessage");
  // 64-bit integers are strings in OTLP/JSON; numbers are taken as well.
  const rejected = Number(member(partial, REJECTED[signal]) ?? 0);
  return {
    rejected: Number.isFinite(rejected) ? rejected : 0,
    message: typeof message === "string" ? message : "",
  };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function member(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined;
}
