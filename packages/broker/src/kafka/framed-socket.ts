/**
 * Sockets that hand over whole answers: everything is read into one buffer that all sockets of a process share, and copied from
 * there into memory of the answer's own size. Left to itself, Node makes new memory for every read, and kafkajs joins the reads.
 */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Fault } from "@rondo/core";
import type { ISocketFactory } from "kafkajs";

/** Read at once, bytes. */
const READ_BYTES = 256 << 10;
/** An answer that says it is longer than this is none, bytes: fetches ask for far less. */
const MAX_ANSWER_BYTES = 256 << 20;
/** As kafkajs's own sockets have it, milliseconds. */
const KEEP_ALIVE_MS = 60_000;
/** Bytes of an answer's length, which stands before it and does not count itself. */
const HEAD = 4;

/** Cuts what a socket reads into answers, each with the four bytes of its length in front. */
export class Frames {
  readonly #whole: (frame: Buffer) => void;
  /** The next answer, as soon as its length is known; before, what is there of the length. */
  #frame: Buffer | undefined;
  readonly #head = Buffer.alloc(HEAD);
  #filled = 0;

  /** Hands every answer to `whole`, to keep. */
  constructor(whole: (frame: Buffer) => void) {
    this.#whole = whole;
  }

  /** Takes in the next bytes, and keeps none of them. Throws a Fault `corrupt` for a length that cannot be. */
  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const into = this.#frame ?? this.#head;
      const copied = chunk.copy(into, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#frame === undefined && this.#filled === HEAD) this.#frame = this.#begin();
      if (this.#frame !== undefined && this.#filled === this.#frame.length) {
        const frame = this.#frame;
        this.#frame = undefined;
        this.#filled = 0;
        this.#whole(frame);
      }
    }
  }

  #begin(): Buffer {
    const length = this.#head.readInt32BE();
    if (length < 0 || length > MAX_ANSWER_BYTES) {
      throw new Fault(
        "corrupt",
        `an answer of ${length} B, more than ${MAX_ANSWER_BYTES}; is the port a Kafka broker's?`,
      );
    }
    const frame = Buffer.allocUnsafe(HEAD + length);
    this.#head.copy(frame);
    return frame;
  }
}

/** Makes kafkajs's sockets. Those with TLS, whose bytes Node has to decrypt first, are as kafkajs makes them. */
export function socketFactory(): ISocketFactory {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  return ({ host, port, ssl, onConnect }) => {
    if (ssl) {
      // A certificate is asked for by name; an address is none.
      const named = { host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl };
      return connectTls(named, onConnect).setKeepAlive(true, KEEP_ALIVE_MS);
    }
    const frames = new Frames((frame) => socket.emit("data", frame));
    const callback = (length: number) => {
      try {
        frames.take(buffer.subarray(0, length));
      } catch (thrown) {
        socket.destroy(Fault.from(thrown));
      }
      return true;
    };
    const socket: Socket = connect({ host, port, noDelay: true, onread: { buffer, callback } }, onConnect);
    return socket.setKeepAlive(true, KEEP_ALIVE_MS);
  };
}

/** Writes pieces as one, without joining them. */
export function writePieces(socket: Socket, pieces: readonly Uint8Array[]): void {
  socket.cork();
  for (const piece of pieces) socket.write(piece);
  socket.uncork();
}
