/** OTLP over HTTP, the receiving side: POST to any path that ends in `/v1/<signal>`, protobuf or JSON, plain or gzip. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Fault } from "@rondo/core";
import { encodeStatus, SIGNALS, type Signal, statusToJson } from "@rondo/otlp";
import type { Answer, Receive } from "./receive.ts";
import { type Encoding, inflate, MAX_BODY, readWhole } from "./request.ts";
import { grpcCodeOf } from "./status-code.ts";

/** The media types of OTLP/HTTP (opentelemetry-proto specification, "OTLP/HTTP Request"). */
const MEDIA_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

const ENCODINGS: readonly Encoding[] = ["protobuf", "json"];

/** A server that hands every request to `receive`. It does not listen yet. */
export function httpServer(receive: Receive): Server {
  return createServer((request, response) => {
    answerTo(request, receive).then(
      ({ answer, encoding }) => send(response, answer, encoding),
      (thrown: unknown) => {
        // The client went away or sent something that is no request: told, when it still listens.
        const { code, message } = Fault.from(thrown, "invalid");
        const status = STATUS_OF[code] ?? 400;
        if (!response.destroyed) send(response, { kind: "refused", status, message }, "protobuf");
      },
    );
  });
}

/** What is wrong before a listener has its say; everything else that a request can do wrong is 400. */
const STATUS_OF: Readonly<Partial<Record<Fault["code"], number>>> = {
  not_found: 404,
  unsupported: 415,
  too_large: 413,
};

/** Throws a Fault for what is no OTLP request: wrong method, path, media type, compression or size. */
async function answerTo(request: IncomingMessage, receive: Receive): Promise<{ answer: Answer; encoding: Encoding }> {
  const signal = signalOf(request.url ?? "");
  if (signal === undefined || request.method !== "POST") {
    throw new Fault(
      "not_found",
      `${request.method} ${request.url}: OTLP is POSTed to a path that ends in /v1/traces, /v1/metrics or /v1/logs`,
    );
  }
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const encoding = ENCODINGS.find((one) => MEDIA_TYPES[one] === type);
  if (encoding === undefined)
    throw new Fault("unsupported", `content type "${type}" is not application/x-protobuf or application/json`);
  const body = await inflate(request.headers["content-encoding"], await readWhole(request, MAX_BODY));
  return { answer: await receive({ via: "http", signal, encoding, body }), encoding };
}

/** Exporters put a prefix of their own before the path that the specification fixes. */
function signalOf(url: string): Signal | undefined {
  const path = url.split("?", 1)[0] ?? "";
  return SIGNALS.find((signal) => path.endsWith(`/v1/${signal}`));
}

/** A silent answer leaves the connection open: only the client, or the end of the sink, closes it. */
function send(response: ServerResponse, answer: Answer, encoding: Encoding): void {
  switch (answer.kind) {
    case "silent":
      return;
    case "cut":
      response.socket?.destroy();
      return;
    case "accepted":
      // An Export…ServiceResponse without partial_success: no bytes in protobuf.
      response.writeHead(200, { "content-type": MEDIA_TYPES[encoding] }).end(encoding === "json" ? "{}" : undefined);
      return;
    case "refused": {
      const { status, message, retryAfterMs } = answer;
      const told = { code: grpcCodeOf(status), message };
      const headers = {
        "content-type": MEDIA_TYPES[encoding],
        ...(retryAfterMs !== undefined && { "retry-after": String(Math.ceil(retryAfterMs / 1000)) }),
      };
      response.writeHead(status, headers).end(encoding === "json" ? statusToJson(told) : encodeStatus(told));
    }
  }
}
