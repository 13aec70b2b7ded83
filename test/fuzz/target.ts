/** What requests are thrown at, and what it may answer: the table of required answers to bad input. */
import { decodeResponse, decodeStatus, type Signal } from "@rondo/otlp";
import type { FuzzRequest } from "./mutated-request.ts";
import type { Encoding } from "./seeds.ts";

/** The transports of OTLP. */
export type Transport = "http" | "grpc";

/** How a request was answered. */
export interface Answered {
  /** The status, as its transport has it: an HTTP status, or the code of a gRPC status. */
  readonly status: number;
  /** Whether everything in the request was taken. */
  readonly whole: boolean;
  /** What is wrong with the answer itself; absent when it is one that may be given. */
  readonly problem?: string;
}

/** Something that takes requests: a handler, or a port. */
export interface Target extends AsyncDisposable {
  /** Sends one request and judges the answer. Rejects when there was none. */
  send(request: FuzzRequest): Promise<Answered>;
  /** Anonymous memory of the process that answers, bytes. */
  memory(): number;
  /** Rejects unless everything else is as it should be: what was accepted can be read, nothing was logged as an error. */
  check(): Promise<void>;
}

/** By HTTP status: the google.rpc.Code in the body, and whether a wait must be named. */
const HTTP_TABLE: Readonly<Record<number, { readonly code: number; readonly wait: boolean }>> = {
  400: { code: 3, wait: false },
  413: { code: 8, wait: false },
  415: { code: 12, wait: false },
  429: { code: 8, wait: true },
  503: { code: 14, wait: true },
};

/** By gRPC code whether a RetryInfo must be there; 8 may come with one or without. */
const GRPC_TABLE: ReadonlyMap<number, boolean | "either"> = new Map<number, boolean | "either">([
  [3, false],
  [8, "either"],
  [12, false],
  [14, true],
]);

/** An HTTP answer as it came. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: Uint8Array;
}

/** Judges an HTTP answer to a request of an encoding. */
export function judgeHttp(signal: Signal, encoding: Encoding, answer: HttpAnswer): Answered {
  const { status, contentType, retryAfter, body } = answer;
  const wrong = (problem: string) => ({ status, whole: false, problem: `${status}: ${problem}` });
  if (contentType !== (encoding === "json" ? "application/json" : "application/x-protobuf")) {
    return wrong(`the body is ${contentType}, the request was ${encoding}`);
  }
  try {
    if (status === 200) {
      const partial = encoding === "json" ? jsonPartial(signal, body) : decodeResponse(body);
      return { status, whole: partial === undefined };
    }
    const row = HTTP_TABLE[status];
    if (row === undefined) return wrong("no status of the table");
    const told = encoding === "json" ? jsonStatus(body) : decodeStatus(body);
    if (told.code !== row.code) return wrong(`the body says code ${told.code}`);
    if (told.message === "") return wrong("the body says nothing");
    if ((retryAfter !== undefined) !== row.wait) return wrong(`Retry-After is ${retryAfter}`);
    return { status, whole: false };
  } catch (thrown) {
    return wrong(`the body cannot be read: ${thrown}`);
  }
}

/** Judges the status of a gRPC call; `message` is the response's, undefined when there was none. */
export function judgeGrpc(answer: {
  readonly status: number;
  readonly details: Uint8Array | undefined;
  readonly message: Uint8Array | undefined;
  /** What was wrong with the message's frame, if anything was. */
  readonly framing?: string | undefined;
}): Answered {
  const { status, details, message, framing } = answer;
  const wrong = (problem: string) => ({ status, whole: false, problem: `gRPC ${status}: ${problem}` });
  try {
    if (status === 0) {
      if (message === undefined) return wrong("there is no message");
      return { status, whole: decodeResponse(message) === undefined };
    }
    // What is no message at all may be INTERNAL: gRPC's own libraries say so.
    if (framing !== undefined && status === 13) return { status, whole: false };
    const wait = GRPC_TABLE.get(status);
    if (wait === undefined) return wrong("no status of the table");
    if (details === undefined) return status === 12 || status === 8 ? { status, whole: false } : wrong("no details");
    const told = decodeStatus(details);
    if (told.code !== status || told.message === "") return wrong(`the details say ${JSON.stringify(told)}`);
    if (wait !== "either" && (told.retryDelayMs !== undefined) !== wait)
      return wrong(`the delay is ${told.retryDelayMs}`);
    return { status, whole: false };
  } catch (thrown) {
    return wrong(`the answer cannot be read: ${thrown}`);
  }
}

interface JsonAnswer {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly partialSuccess?: unknown;
}

function jsonOf(body: Uint8Array): JsonAnswer {
  const read: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
  if (typeof read !== "object" || read === null) throw new Error("it is no object");
  return read;
}

function jsonStatus(body: Uint8Array): { readonly code: unknown; readonly message: unknown } {
  const { code, message = "" } = jsonOf(body);
  return { code, message };
}

function jsonPartial(_signal: Signal, body: Uint8Array): unknown {
  return jsonOf(body).partialSuccess;
}
