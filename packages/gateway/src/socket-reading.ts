/**
 * Stops and starts the reading of a socket beneath a session of HTTP/2. Node offers no way to it: to pause a stream leaves its data in
 * memory and the socket read, and a session that has taken a socket over reads it by its handle alone.
 */
import type { Socket } from "node:net";

/** Node's handle of a socket, as far as Node itself uses it to pause one: lib/net.js. */
interface Handle {
  readStop(): unknown;
  readStart(): unknown;
}

/** Whether a socket is read. Where Node has no such handle, pausing does nothing: everything is read at once, as it comes. */
export class SocketReading {
  readonly #socket: Socket & { readonly _handle?: unknown };
  #isPaused = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Again, too, when something else has started it. */
  pause(): void {
    this.#isPaused = true;
    this.#handle()?.readStop();
  }

  resume(): void {
    this.#isPaused = false;
    this.#handle()?.readStart();
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
  if (typeof handle !== "object" || handle === null || !("readStop" in handle && "readStart" in handle)) return false;
  return typeof handle.readStop === "function" && typeof handle.readStart === "function";
}
