/**
 * Stops and starts the reading of a socket beneath a session of HTTP/2. Node offers no way to it: to pause a stream leaves its data in
 * memory and the socket read, and a session that has taken a socket over reads it by its handle alone.
 */
import type { Socket } from "node:net";

/** Node's handle of a socket, as far as Node itself uses it to pause one: lib/net.js. */
interface Handle {
  readStop(): unknown;
  readStart(): unknown;
  /** Bytes that the system has not taken yet. */
  readonly writeQueueSize: number;
}

/** Whether a socket is read. Where Node has no such handle, pausing does nothing: everything is read at once, as it comes. */
export class SocketReading {
  readonly #socket: Socket & { readonly _handle?: unknown };
  #isPaused = false;
  /** It should be read, and was not started. */
  #isOwed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Again, too, when something else has started it. */
  pause(): void {
    this.#isPaused = true;
    this.#handle()?.readStop();
  }

  /**
   * Not while the session writes: it reads nothing then, so that a peer that takes no answers can send no more, and starts by itself
   * when it has written. Read all the same, what comes would wait in memory without a bound.
   */
  resume(): void {
    this.#isPaused = false;
    const handle = this.#handle();
    this.#isOwed = handle !== undefined && handle.writeQueueSize > 0;
    if (!this.#isOwed) handle?.readStart();
  }

  /** To be called now and then: what was on its way may have been TLS's own, after which no session starts anything. */
  catchUp(): void {
    if (this.#isOwed && !this.#isPaused) this.resume();
  }

  isPaused(): boolean {
    return this.#isPaused;
  }

  /** It is gone with the connection. */
  #handle(): Handle | undefined {
    const { destroyed, _handle } = this.#socket;
    return !destroyed && isHandle(_handle) ? _handle : undefined;
  }
}

function isHandle(handle: unknown): handle is Handle {
  if (typeof handle !== "object" || handle === null) return false;
  if (!("readStop" in handle && "readStart" in handle && "writeQueueSize" in handle)) return false;
  return typeof handle.readStop === "function" && typeof handle.readStart === "function";
}
