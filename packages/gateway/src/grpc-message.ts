/** Puts gRPC's length-prefixed message together as its bytes arrive, each copied once, into a buffer of exactly its size. */

import { free } from "@rondo/core";

/** What stands before a message: a flag, and four bytes of length. gRPC over HTTP/2, "Length-Prefixed-Message". */
export const PREFIX_BYTES = 5;

const EMPTY = Buffer.alloc(0);

/** The prefix of a message. */
export interface MessagePrefix {
  /** 1 when the message is compressed, 0 when not; anything else is no gRPC. */
  readonly flag: number;
  /** Bytes of the message, as sent. */
  readonly length: number;
}

/** Reads the one message of a unary call. */
export class MessageReader {
  readonly #admit: (prefix: MessagePrefix) => boolean;
  #prefix: Buffer = EMPTY;
  #message: Buffer | undefined;
  #filled = 0;
  #beyond = 0;
  #stopped = false;

  /**
   * `admit` is called once, when the prefix is known and before memory is taken for the message; when it says false, everything
   * that comes later is ignored.
   */
  constructor(admit: (prefix: MessagePrefix) => boolean) {
    this.#admit = admit;
  }

  /** Takes what has arrived. The chunk stays the caller's. */
  take(chunk: Buffer): void {
    if (this.#stopped) return;
    const from = this.#message === undefined ? this.#begin(chunk) : 0;
    const message = this.#message;
    if (message === undefined) return;
    const copied = chunk.copy(message, this.#filled, from);
    this.#filled += copied;
    this.#beyond += chunk.length - from - copied;
  }

  /** Drops what was read, and ignores what comes. */
  stop(): void {
    this.#stopped = true;
    if (this.#message !== undefined) free(this.#message);
    this.#message = undefined;
  }

  /** Bytes that came after the message: it was not the only one, or they are nothing at all. */
  get beyond(): number {
    return this.#beyond;
  }

  /** Whether anything, a part of the prefix perhaps, has arrived. */
  get begun(): boolean {
    return this.#message !== undefined || this.#prefix.length > 0;
  }

  /** The message when all of it has arrived, else undefined. */
  get whole(): Buffer | undefined {
    return this.#message?.length === this.#filled ? this.#message : undefined;
  }

  /** Reads the prefix, which may come in pieces; returns where in `chunk` the message begins. */
  #begin(chunk: Buffer): number {
    const before = this.#prefix.length;
    const prefix = before === 0 ? chunk : Buffer.concat([this.#prefix, chunk.subarray(0, PREFIX_BYTES - before)]);
    if (prefix.length < PREFIX_BYTES) {
      // A copy: the chunk is a part of what the connection has read, which would stay in memory with it.
      this.#prefix = Buffer.from(prefix);
      return chunk.length;
    }
    const length = prefix.readUInt32BE(1);
    if (this.#admit({ flag: prefix.readUInt8(0), length })) {
      // Memory of its own even when it is empty: whoever takes the message frees it.
      this.#message = Buffer.allocUnsafeSlow(length);
    } else {
      this.#stopped = true;
    }
    return PREFIX_BYTES - before;
  }
}
