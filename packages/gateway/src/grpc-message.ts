/**
 * Puts gRPC's length-prefixed message together as its bytes arrive. What the prefix declares is believed only as far as bytes follow:
 * a few bytes that announce a large message hold no large memory.
 */
import { free } from "@rondo/core";
import { grown, roomAhead } from "./grown.ts";

/** What stands before a message: a flag, and four bytes of length. gRPC over HTTP/2, "Length-Prefixed-Message". */
export const PREFIX_BYTES = 5;

/** Memory that is taken for a message at first. */
const FIRST_BYTES = 16 << 10;

const EMPTY = Buffer.alloc(0);

/** The prefix of a message. */
export interface MessagePrefix {
  /** 1 when the message is compressed, 0 when not; anything else is no gRPC. */
  readonly flag: number;
  /** Bytes of the message, as sent. */
  readonly length: number;
}

/** Whoever reads a message is asked before it goes on; after a no, everything that comes is ignored. */
export interface MessageBounds {
  /** Asked once, when the prefix is here. */
  admits(prefix: MessagePrefix): boolean;
  /** Asked before `bytes` of memory are in use for the message; never more than its length. */
  grants(bytes: number): boolean;
}

/** Reads the one message of a unary call. A typical one is copied once, into memory of exactly its size. */
export class MessageReader {
  readonly #bounds: MessageBounds;
  #prefix: Buffer = EMPTY;
  #length = 0;
  #message: Buffer | undefined;
  #filled = 0;
  #beyond = 0;
  #stopped = false;

  constructor(bounds: MessageBounds) {
    this.#bounds = bounds;
  }

  /** Takes what has arrived. The chunk stays the caller's. */
  take(chunk: Buffer): void {
    if (this.#stopped) return;
    const from = this.#message === undefined ? this.#begin(chunk) : 0;
    const arrived = Math.min(chunk.length - from, this.#length - this.#filled);
    if (this.#message === undefined || (arrived > 0 && !this.#reserve(this.#filled + arrived))) return;
    this.#filled += chunk.copy(this.#message, this.#filled, from, from + arrived);
    this.#beyond += chunk.length - from - arrived;
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

  /** The message when all of it has arrived, else undefined. Its memory is the caller's. */
  get whole(): Buffer | undefined {
    return this.#filled === this.#length ? this.#message : undefined;
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
    this.#length = prefix.readUInt32BE(1);
    const from = PREFIX_BYTES - before;
    if (this.#bounds.admits({ flag: prefix.readUInt8(0), length: this.#length })) {
      this.#grow(Math.min(chunk.length - from, this.#length));
    } else {
      this.#stopped = true;
    }
    return from;
  }

  /** Makes room for the first `bytes` of the message; false when that was not granted. */
  #reserve(bytes: number): boolean {
    return (this.#message !== undefined && bytes <= this.#message.length) || this.#grow(bytes);
  }

  #grow(bytes: number): boolean {
    const room = Math.min(this.#length, Math.max(FIRST_BYTES, roomAhead(bytes)));
    if (this.#stopped || !this.#bounds.grants(room)) {
      this.stop();
      return false;
    }
    this.#message = grown(this.#message, this.#filled, room);
    return true;
  }
}
