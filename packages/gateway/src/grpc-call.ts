/**
 * One unary gRPC call: takes credits as its message arrives, keeps it compressed until they are granted, hands it to the intake and
 * writes the answer. Whatever happens, the credits go back, and the client gets one answer or is gone.
 */
import http2, { type ServerHttp2Stream } from "node:http2";
import { type Clock, Fault, free, type Log } from "@rondo/core";
import { encodeResponse } from "@rondo/otlp";
import type { Permit } from "./admission.ts";
import type { Connection, OpenCall } from "./grpc-connections.ts";
import { ANSWER_HEADERS, type CallHead } from "./grpc-head.ts";
import { type MessageBounds, type MessagePrefix, MessageReader, PREFIX_BYTES } from "./grpc-message.ts";
import { statusHeaders } from "./grpc-status.ts";
import type { Inflation } from "./inflate.ts";
import type { Answer, Intake, Refused, Sender } from "./intake.ts";
import type { ListenerOptions } from "./listener.ts";
import type { Outcome } from "./metrics.ts";
import { GRPC, refusalStatus, requestFault } from "./status-table.ts";

/** A request that has not arrived whole after this is ended, as on HTTP. */
const REQUEST_MS = 15_000;

/** By how much a timer may be early: Node cuts milliseconds to whole ones, and its clock of timers has no finer ones. */
const EARLY_MS = 2;

/** The frame of an empty response: everything was taken. */
const SUCCESS = Buffer.alloc(PREFIX_BYTES);
const SUCCESS_STATUS = statusHeaders({ code: GRPC.ok, message: "" });

/** What the calls of a listener share. */
export interface CallOptions {
  readonly intake: Intake;
  readonly inflation: Inflation;
  /** See ListenerOptions. */
  readonly pending: ListenerOptions["pending"];
  /** The largest message, bytes, before and after decompression. */
  readonly limit: number;
  readonly clock: Clock;
  readonly log: Log;
  /** See ListenerOptions. */
  readonly dropped: (bytes: number) => void;
  /** Called once per call: see ListenerOptions. */
  readonly answered: (outcome: Outcome, seconds: number) => void;
}

/** What is known of a call before its message. */
export interface CallStart extends Pick<CallHead<unknown>, "compression" | "timeoutMs"> {
  readonly account: Sender;
  readonly connection: Connection;
}

/** Serves a call whose headers are good, and whose body nobody has touched. */
export function serveCall(stream: ServerHttp2Stream, start: CallStart, options: CallOptions): void {
  start.connection.opened(new Call(stream, start, options));
}

/**
 * Answers a call by headers alone and ends it. The client may not have sent everything yet: the reset tells it to stop, without an
 * error. RFC 9113 §8.1.
 */
export function answerEarly(stream: ServerHttp2Stream, headers: http2.OutgoingHttpHeaders, clock: Clock): void {
  if (stream.headersSent || stream.destroyed || stream.closed) return;
  stream.respond(headers, { endStream: true });
  // What still comes is thrown away instead of waiting in memory.
  stream.resume();
  // Not at once: a reset in the same turn of the loop would overtake the answer.
  if (!stream.readableEnded) clock.after(0, () => stream.close(http2.constants.NGHTTP2_NO_ERROR));
}

class Call implements OpenCall, MessageBounds {
  readonly #stream: ServerHttp2Stream;
  readonly #start: CallStart;
  readonly #options: CallOptions;
  readonly #reader: MessageReader;
  readonly #opened: number;
  /** When the client gives up, monotonic. */
  readonly #deadline: number;
  #compressed = false;
  /** Covers the message while it arrives. */
  #permit: Permit | undefined;
  /** No longer arriving: it is whole, refused, or its client is gone. */
  #over = false;

  constructor(stream: ServerHttp2Stream, start: CallStart, options: CallOptions) {
    this.#stream = stream;
    this.#start = start;
    this.#options = options;
    this.#opened = options.clock.monotonic();
    this.#deadline = this.#opened + (start.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#reader = new MessageReader(this);
    stream.on("data", (chunk: Buffer) => this.#arrived(chunk));
    stream.once("end", () => this.#whole());
    stream.once("close", () => {
      start.connection.ended(this);
      if (this.#letGo()) options.answered("gone", 0);
    });
  }

  endIfLate(now: number): void {
    if (this.#over) return;
    if (now >= this.#deadline) this.#refuse(new Fault("aborted", "grpc-timeout passed before the message was here"));
    else if (now - this.#opened >= REQUEST_MS) {
      this.#refuse(new Fault("unavailable", `the request did not arrive within ${REQUEST_MS / 1_000} s`));
    }
  }

  admits({ flag, length }: MessagePrefix): boolean {
    const { intake, limit } = this.#options;
    this.#compressed = flag === 1;
    if (flag > 1)
      this.#refuse(new Fault("invalid", `a message begins with the flag ${flag}, which gRPC does not have`));
    else if (length > limit) {
      this.#refuse(new Fault("too_large", `a message of ${length} B exceeds the limit of ${limit} B`));
    } else if (this.#compressed && this.#start.compression === undefined) {
      // gRPC compression, "Test cases": this very code.
      this.#refuse(new Fault("invalid", "a message is compressed, and no grpc-encoding says how"), GRPC.internal);
    } else if (length > intake.admission.credits) {
      this.#end(intake.overloaded(length, this.#start.account.tenant));
    }
    return !this.#over;
  }

  grants(bytes: number): boolean {
    const { intake, inflation, limit } = this.#options;
    const { tenant } = this.#start.account;
    const held = this.#compressed ? Math.max(bytes, inflation.expect(bytes, limit)) : bytes;
    this.#permit ??= intake.admission.take(held, tenant);
    const granted = this.#permit?.resize(held) === true;
    if (!granted) this.#end(intake.overloaded(held, tenant));
    return granted;
  }

  #arrived(chunk: Buffer): void {
    this.#options.dropped(chunk.length);
    this.#start.connection.arrived(chunk.length);
    if (this.#over) return;
    try {
      this.#reader.take(chunk);
    } catch (thrown) {
      // There was no memory for the message.
      this.#refuse(requestFault(thrown));
    }
    if (this.#reader.beyond > 0) this.#refuse(new Fault("unsupported", "Export takes one message, and more came"));
  }

  #whole(): void {
    // A stream that is reset ends, too; it is closed by then.
    if (this.#over || this.#stream.closed) return;
    const { whole, begun } = this.#reader;
    const permit = this.#permit;
    if (whole !== undefined && permit !== undefined) {
      this.#over = true;
      void this.#serve(whole, permit);
    } else if (begun) this.#refuse(new Fault("invalid", "the call ended within its message"));
    else this.#refuse(new Fault("unsupported", "Export takes one message, and none came"));
  }

  /** Takes the message in and answers. Never rejects. */
  async #serve(message: Buffer, permit: Permit): Promise<void> {
    const { clock, log, pending } = this.#options;
    const arrived = clock.monotonic();
    let outcome: Outcome;
    try {
      outcome = this.#write(await pending(this.#taken(message, permit)));
    } catch (thrown) {
      permit.release();
      const fault = Fault.from(thrown);
      log.error("a request could not be answered", { receiver: this.#start.account.receiver, fault: fault.stack });
      outcome = this.#write({ kind: "refused", fault });
    }
    this.#options.answered(outcome, (clock.monotonic() - arrived) / 1_000);
  }

  async #taken(message: Buffer, permit: Permit): Promise<Answer> {
    const { intake, inflation, limit, clock } = this.#options;
    const { compression, account } = this.#start;
    let body: Uint8Array = message;
    const sent = message.length;
    if (this.#compressed && compression !== undefined) {
      try {
        body = await inflation.inflate(compression, message, { limit, permit, intake, tenant: account.tenant });
      } catch (thrown) {
        free(message);
        permit.release();
        return intake.refuse(requestFault(thrown));
      }
      if (body !== message) free(message);
    }
    const left = this.#deadline - clock.monotonic();
    if (left > 0 && !this.#stream.destroyed && permit.resize(body.length)) {
      return await intake.take(account, body, permit, left, sent);
    }
    free(body);
    permit.release();
    return left > 0
      ? intake.overloaded(body.length, account.tenant)
      : intake.refuse(new Fault("aborted", "grpc-timeout passed"));
  }

  /** Ends the arrival and gives back what it held; false when it had ended before. */
  #letGo(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#reader.stop();
    this.#permit?.release();
    return true;
  }

  #refuse(fault: Fault, code?: number): void {
    this.#end(this.#options.intake.refuse(fault), code);
  }

  /** Answers a call whose message is not, or not wholly, here. */
  #end(refused: Refused, code?: number): void {
    if (this.#letGo()) this.#options.answered(this.#write(refused, code), 0);
  }

  /** Writes the answer, unless the client is gone. `code` replaces that of the status table. */
  #write(answer: Answer, code?: number): Outcome {
    const stream = this.#stream;
    this.#start.connection.sent();
    if (answer.kind === "refused") {
      const late = answer.afterMs !== undefined && this.#options.clock.monotonic() >= this.#deadline - EARLY_MS;
      const status = refusalStatus(answer);
      const said = late
        ? { code: GRPC.deadlineExceeded, message: status.message }
        : { ...status, code: code ?? status.code };
      answerEarly(stream, { ...ANSWER_HEADERS, ...statusHeaders(said) }, this.#options.clock);
      return answer.fault.code;
    }
    const { rejected, message } = answer;
    if (!stream.destroyed && !stream.closed) {
      stream.respond(ANSWER_HEADERS, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers(SUCCESS_STATUS));
      stream.end(rejected === 0 ? SUCCESS : framed(encodeResponse(this.#start.account.signal, { rejected, message })));
    }
    return rejected === 0 ? "ok" : "partial";
  }
}

/** An uncompressed message with its prefix. */
function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}
