/** Recordings: OTLP requests as clients once sent them, one JSON object a line, usually under gzip. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import { gunzip, gunzipSync } from "node:zlib";
import { Fault, suggestion } from "@rondo/core";
import { SIGNALS, type Signal } from "@rondo/otlp";

/** One recorded request. */
export interface Recorded {
  /** The line in the file, from 1. */
  readonly line: number;
  /** Seconds since the recorder started. */
  readonly t: number;
  readonly via: "http" | "grpc";
  readonly signal: Signal;
  /** How the client had compressed the body. */
  readonly encoding: "" | "gzip";
  readonly contentType: string;
  /** The protobuf request, decompressed. */
  readonly body: Buffer;
  /** The body as it was sent: compressed when `encoding` says so. */
  readonly sent: Buffer;
}

/** A recording in the order of its lines. */
export type Recording = readonly Recorded[];

/** The largest recording that is read, decompressed: it is held in memory whole. */
const MAX_RECORDING = 512 << 20;

/** The largest decompressed body of one request in a recording. */
const MAX_BODY = 64 << 20;

const gunzipped = promisify(gunzip);

/** Reads a recording. Throws a Fault `config` that names file, line and what to do about it. */
export async function readRecording(path: string): Promise<Recording> {
  const text = (await readText(path)).split("\n");
  const recording: Recorded[] = [];
  for (const [index, line] of text.entries()) {
    if (line.trim() !== "") recording.push(recorded(line, index + 1, path));
  }
  if (recording.length === 0)
    throw bad(path, "holds no request; give the path of a recording, such as recording.ndjson.gz");
  return recording;
}

/** The file as text, inflated when it is gzip by its first two bytes, whatever its name. */
async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((thrown: NodeJS.ErrnoException) => {
    const why =
      thrown.code === "ENOENT" ? "there is no such file" : thrown.code === "EISDIR" ? "it is a folder" : thrown.message;
    throw new Fault(
      "config",
      `cannot read the recording ${path}: ${why}; give the path of a .ndjson or .ndjson.gz file`,
    );
  });
  if (bytes.length > MAX_RECORDING) throw bad(path, `is larger than ${MAX_RECORDING} bytes; split it`);
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!compressed && path.endsWith(".gz")) throw bad(path, "is not gzip, as its name says; rename it, or compress it");
  if (!compressed) return bytes.toString("utf8");
  const inflated = await gunzipped(bytes, { maxOutputLength: MAX_RECORDING }).catch((thrown: unknown) => {
    if (thrown instanceof RangeError) throw bad(path, `inflates to more than ${MAX_RECORDING} bytes; split it`);
    throw bad(path, "is damaged gzip; fetch it again");
  });
  return inflated.toString("utf8");
}

/** Checks every field, because a recording may come from anyone. Unknown fields are ignored. */
function recorded(text: string, line: number, path: string): Recorded {
  const wrong = (what: string) => bad(`${path}:${line}`, what);
  const given = fieldsOf(text);
  if (given === undefined) throw wrong("is not a JSON object; remove or mend the line");
  const { t, via, signal, encoding, contentType, body } = given;
  const known = SIGNALS.find((one) => one === signal);
  if (known === undefined) throw wrong(`signal ${JSON.stringify(signal)}${suggestion(String(signal), SIGNALS)}`);
  if (typeof t !== "number" || !Number.isFinite(t)) throw wrong('"t" must be a number of seconds');
  if (via !== "http" && via !== "grpc") throw wrong(`via ${JSON.stringify(via)}; known: grpc, http`);
  if (encoding !== "" && encoding !== "gzip") throw wrong(`encoding ${JSON.stringify(encoding)}; known: "", "gzip"`);
  if (typeof contentType !== "string" || contentType.includes("json")) {
    throw wrong(`contentType ${JSON.stringify(contentType)}; only protobuf requests can be replayed`);
  }
  if (typeof body !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) throw wrong('"body" must be base64');
  const sent = Buffer.from(body, "base64");
  return {
    line,
    t,
    via,
    signal: known,
    encoding,
    contentType,
    sent,
    body: encoding === "" ? sent : inflated(sent, wrong),
  };
}

function inflated(sent: Buffer, wrong: (what: string) => Fault): Buffer {
  try {
    return gunzipSync(sent, { maxOutputLength: MAX_BODY });
  } catch (thrown) {
    if (thrown instanceof RangeError) throw wrong(`the body inflates to more than ${MAX_BODY} bytes`);
    throw wrong('the body is not gzip, although "encoding" says so');
  }
}

/** A copy of the object in a line; undefined when there is none. */
function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const raw: unknown = JSON.parse(text);
    return typeof raw === "object" && raw !== null && !Array.isArray(raw) ? { ...raw } : undefined;
  } catch {
    return undefined;
  }
}

function bad(place: string, what: string): Fault {
  return new Fault("config", `${place.includes("/") ? basename(place) : place} ${what}`);
}
