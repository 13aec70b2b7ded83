/**
 * Watches the calls of a gRPC listener below grpc-js: takes credits as bytes arrive, keeps compressed bodies compressed until
 * the gateway inflates them itself, and ends calls that overdraw the account or trickle.
 */
import http2, { type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Metadata, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { type Clock, Fault } from "@rondo/core";
import { encodeStatus } from "@rondo/otlp";
import type { Permit } from "./admission.ts";
import type { Inflation } from "./inflate.ts";
import type { Intake, Refused } from "./intake.ts";
import { statusOf } from "./status-table.ts";

/** The request header by which a handler finds its call here. Whatever a client sends under this name is overwritten. */
const CALL_HEADER = "rondo-call";

/** A request that has not arrived whole after this is ended, as on HTTP. */
const REQUEST_MS = 15_000;
const SWEEP_MS = 1_000;
const FRAME_HEADER = 5;
const MESSAGE_CHARS = 1_000;

/** What `grpc-encoding` may say; each is inflated by inflate.ts under the same name. */
const ENCODINGS: readonly string[] = ["gzip", "deflate"];

/** One call whose request is arriving. */
export interface OpenCall {
  /** The encoding of the message that arrived, if it is compressed. */
  readonly compression: string | undefined;
  /** The credits that cover the message; whoever takes them must release them. */
  takePermit(): Permit | undefined;
}

/** The calls of one listener. */
export interface Calls {
  /** The call whose metadata these are. */
  find(metadata: Metadata): OpenCall | undefined;
  /** Must be among the server's interceptors: it is how a call is ended from here. */
  readonly interceptor: ServerInterceptor;
  /** Watches every stream of `server` from before grpc-js sees it: listeners of one event share its header object. */
  watch(server: Http2Server): void;
}

/** What the watch is given. */
export interface CallsOptions {
  readonly intake: Intake;
  readonly inflation: Inflation;
  /** The largest message, bytes; a larger one is left to grpc-js, which refuses it by its declared length. */
  readonly limit: number;
  readonly clock: Clock;
  readonly refused: (refused: Refused) => void;
}

/** Makes the watch of one listener. */
export function watchCalls(options: CallsOptions): Calls {
  const calls = new Map<string, Call>();
  let count = 0;
  let sweeping = false;

  // One timer for all calls, and none while there are none.
  const sweepSoon = () => {
    if (sweeping || calls.size === 0) return;
    sweeping = true;
    options.clock.after(SWEEP_MS, sweep, { background: true });
  };
  const sweep = () => {
    sweeping = false;
    for (const call of calls.values()) call.endIfLate();
    sweepSoon();
  };

  const opened = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const id = String(++count);
    headers[CALL_HEADER] = id;
    const encoding = headers["grpc-encoding"];
    const known = typeof encoding === "string" && ENCODINGS.includes(encoding) ? encoding : undefined;
    // Without the header grpc-js hands the bytes over as they are; an encoding that nobody knows stays, for it to refuse.
    if (known !== undefined) delete headers["grpc-encoding"];
    calls.set(id, new Call(stream, known, options, () => calls.delete(id)));
    sweepSoon();
  };
  const find = (metadata: Metadata) => calls.get(String(metadata.get(CALL_HEADER)[0]));

  return {
    find,
    interceptor: (_, call) =>
      new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata(metadata, pass) {
              find(metadata)?.answerWith((status) => call.sendStatus(status));
              pass(metadata);
            },
          }),
      }),
    watch: (server) => void server.prependListener("stream", opened),
  };
}

class Call implements OpenCall {
  readonly #stream: ServerHttp2Stream;
  readonly #encoding: string | undefined;
  readonly #options: CallsOptions;
  readonly #started: number;
  #flag: number | undefined;
  #bytes = 0;
  #held = 0;
  #permit: Permit | undefined;
  #whole = false;
  #sendStatus: ((status: GrpcStatus) => void) | undefined;

  constructor(stream: ServerHttp2Stream, encoding: string | undefined, options: CallsOptions, closed: () => void) {
    this.#stream = stream;
    this.#encoding = encoding;
    this.#options = options;
    this.#started = options.clock.monotonic();
    stream.on("data", (chunk: Buffer) => this.#arrived(chunk));
    stream.once("end", () => {
      this.#whole = true;
    });
    stream.once("close", () => {
      this.#permit?.release();
      closed();
    });
  }

  get compression(): string | undefined {
    return this.#flag === 1 ? this.#encoding : undefined;
  }

  takePermit(): Permit | undefined {
    const permit = this.#permit;
    this.#permit = undefined;
    return permit;
  }

  /** Answers through grpc-js from now on, which then knows that the call is over. */
  answerWith(sendStatus: (status: GrpcStatus) => void): void {
    this.#sendStatus = sendStatus;
  }

  endIfLate(): void {
    const { clock, intake } = this.#options;
    if (this.#whole || clock.monotonic() - this.#started < REQUEST_MS) return;
    if (this.#stream.headersSent) this.#stream.close(http2.constants.NGHTTP2_NO_ERROR);
    else
      this.#refuse(
        intake.refuse(new Fault("unavailable", `the request did not arrive within ${REQUEST_MS / 1_000} s`)),
      );
  }

  #arrived(chunk: Buffer): void {
    const { intake, inflation, limit } = this.#options;
    let declared = 0;
    if (this.#flag === undefined) {
      this.#flag = chunk[0];
      // gRPC's length-prefixed message: a flag, four bytes of length, the message.
      if (chunk.length >= FRAME_HEADER) declared = chunk.readUInt32BE(1);
    }
    this.#bytes += chunk.length;
    const needed = Math.max(this.#bytes, declared);
    // What is over the limit is refused by grpc-js in this very event.
    if (needed <= this.#held || declared > limit || this.#stream.headersSent) return;
    const held = this.compression === undefined ? needed : Math.max(needed, inflation.expect(needed, limit));
    if (this.#hold(held)) this.#held = held;
    else this.#refuse(intake.overloaded(held));
  }

  #hold(bytes: number): boolean {
    if (this.#permit !== undefined) return this.#permit.resize(bytes);
    this.#permit = this.#options.intake.admission.take(bytes);
    return this.#permit !== undefined;
  }

  /** A whole answer before the whole request, then RST_STREAM with NO_ERROR, so that the client stops sending: RFC 9113 §8.1. */
  #refuse(refused: Refused): void {
    if (this.#stream.headersSent || this.#stream.destroyed || this.#sendStatus === undefined) return;
    this.#sendStatus(grpcStatus(refused));
    this.#options.refused(refused);
    // Not at once: a reset in the same turn of the loop would overtake the answer.
    this.#options.clock.after(0, () => this.#stream.close(http2.constants.NGHTTP2_NO_ERROR));
  }
}

/** A status as grpc-js sends it. */
export interface GrpcStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** A refusal as a gRPC status, its details as the bytes of google.rpc.Status. */
export function grpcStatus({ fault, afterMs }: Refused): GrpcStatus {
  const code = statusOf(fault).grpc;
  // Half a surrogate pair, perhaps cut off here, would make the encoding of the trailer throw.
  const details = fault.message.slice(0, MESSAGE_CHARS).toWellFormed();
  const status = { code, message: details, ...(afterMs !== undefined && { retryDelayMs: afterMs }) };
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(encodeStatus(status)));
  return { code, details, metadata };
}
