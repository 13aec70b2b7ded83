/** OTLP over gRPC: the three Export methods on raw bytes over HTTP/2, with the same limits and the same answers as HTTP. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Fault } from "@rondo/core";
import { EXPORT_METHODS } from "@rondo/otlp";
import { isIdentity, type Known } from "./auth/authenticator.ts";
import { answerEarly, type CallOptions, serveCall } from "./grpc-call.ts";
import { type Connection, type ConnectionRules, type Connections, grpcConnections } from "./grpc-connections.ts";
import { ANSWER_HEADERS, type BadHead, readHead } from "./grpc-head.ts";
import { statusHeaders } from "./grpc-status.ts";
import { inflation } from "./inflate.ts";
import { accept, type Listener, type ListenerOptions } from "./listener.ts";
import { BODY_BYTES, type GrpcValues } from "./otlp-receiver.ts";
import { refusalStatus } from "./status-table.ts";
import { secureFront } from "./tls/secure-front.ts";

const CONCURRENT_CALLS = 256;

/** Calls that wait until it is known whose they are. Nobody reads what they send meanwhile: up to a window of memory each. */
const MAX_UNDECIDED = 32;

/** Starts the gRPC listener of a receiver. Rejects with a `startup` Fault when the endpoint cannot be bound. */
export async function startGrpc(values: GrpcValues, options: ListenerOptions): Promise<Listener> {
  const { tls } = options;
  const connections = serveGrpc(values, options);
  const front = tls && secureFront(connections.server, tls, "h2");
  const server = front?.server ?? connections.server;
  const { address, port } = await accept(server, options);
  return {
    protocol: "grpc",
    host: address,
    port,
    stop() {
      front?.stop();
      connections.drain();
    },
    async close() {
      await Promise.all([connections.close(), front?.close()]);
    },
  };
}

/** Serves the calls of connections that somebody else accepts, and has decrypted. */
export function serveGrpc(values: GrpcValues, options: Omit<ListenerOptions, "tls" | "endpoint">): Connections {
  const { receiver, authenticator, metadata, intake, pending, clock, log, dropped = () => {}, answered } = options;
  // A signal that no pipeline takes is a method that there is not.
  const methods = new Map(options.signals.map((signal) => [EXPORT_METHODS[signal], signal]));
  const limit = values.max_recv_msg_size_mib > 0 ? values.max_recv_msg_size_mib << 20 : BODY_BYTES;
  const calls: CallOptions = {
    intake,
    inflation: inflation(clock, intake.admission.credits),
    pending,
    limit,
    clock,
    log,
    dropped,
    answered,
  };
  const connections = grpcConnections(rulesOf(values), clock);

  let undecided = 0;

  /** Answers a call of which nobody has read anything. */
  const end = (stream: ServerHttp2Stream, connection: Connection, { headers, outcome }: BadHead): void => {
    connection.sent();
    answerEarly(stream, headers, clock);
    stream.on("data", (chunk: Buffer) => connection.arrived(chunk.length));
    answered(outcome, 0);
  };

  const refuse = (stream: ServerHttp2Stream, connection: Connection, fault: Fault): void => {
    const status = statusHeaders(refusalStatus(intake.refuse(fault)));
    end(stream, connection, { headers: { ...ANSWER_HEADERS, ...status }, outcome: fault.code });
  };

  const opened = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    rawHeaders: readonly string[],
  ): void => {
    // What goes wrong with a stream ends it, and its end is all that matters here.
    stream.on("error", () => {});
    const connection = connections.of(stream.session);
    if (connection === undefined) return void stream.destroy();
    const head = readHead(headers, methods);
    if ("outcome" in head) {
      end(stream, connection, head);
      return;
    }
    // No byte of a body is read, and no credit taken, before it is known whose it is.
    const decide = (known: Known): void => {
      if (stream.destroyed) answered("gone", 0);
      else if (isIdentity(known)) {
        const { tenant } = known;
        const meta = metadata?.keep(tenant, rawHeaders);
        if (meta instanceof Fault) refuse(stream, connection, meta);
        else
          serveCall(stream, { ...head, connection, account: { receiver, signal: head.method, tenant, meta } }, calls);
      } else refuse(stream, connection, known);
    };
    const known = authenticator.authenticate(headers, connection.socket);
    if (!(known instanceof Promise)) decide(known);
    else if (undecided >= MAX_UNDECIDED) {
      refuse(
        stream,
        connection,
        new Fault("throttled", `${MAX_UNDECIDED} calls wait until it is known whose they are`),
      );
    } else {
      undecided += 1;
      known.then((later) => {
        undecided -= 1;
        decide(later);
      });
    }
  };

  connections.server.on("stream", opened);
  return connections;
}

function rulesOf({ max_concurrent_streams, keepalive }: GrpcValues): ConnectionRules {
  const { max_connection_idle, max_connection_age, max_connection_age_grace, time, timeout } =
    keepalive.server_parameters;
  return {
    maxCalls: max_concurrent_streams || CONCURRENT_CALLS,
    idleMs: max_connection_idle,
    ageMs: max_connection_age,
    ageGraceMs: max_connection_age_grace,
    silentMs: time,
    silentTimeoutMs: timeout,
    pingMs: keepalive.enforcement_policy.min_time,
    pingWithoutCalls: keepalive.enforcement_policy.permit_without_stream,
  };
}
