/** A backend that a test commands: it listens for real, keeps what it got, and answers – or fails to – as it is told. */
import type { AddressInfo, Server, Socket } from "node:net";
import type { Carried } from "@rondo/otlp";

/** What the backend does with each request from now on. */
export type Behaviour =
  | { readonly kind: "accept" }
  /** Accepts with a partial_success. */
  | { readonly kind: "partial"; readonly rejected: number; readonly message: string }
  /** Refuses for good, in the protocol's plainest way. */
  | { readonly kind: "refuse"; readonly message: string }
  /** Asks for another try, after `afterMs` when that is given. */
  | { readonly kind: "later"; readonly afterMs?: number }
  /** Answers with a status of the protocol that the test names. */
  | { readonly kind: "status"; readonly code: number; readonly message: string; readonly retryDelayMs?: number }
  /** Takes the request and says nothing. */
  | { readonly kind: "hang" }
  /** Resets every connection once the request has come. */
  | { readonly kind: "reset" }
  /** Begins an answer and resets every connection before its end. */
  | { readonly kind: "cut" }
  /** Answers as something that does not speak the protocol would. */
  | { readonly kind: "garbage" }
  /** Answers with a body that does not end. */
  | { readonly kind: "endless" };

/** One request as it came, decompressed. */
export interface Received {
  readonly signal: Carried;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The backend of one test. */
export interface StubBackend {
  /** The port, the same after a restart. */
  readonly port: number;
  /** Requests that came whole, whatever was answered. */
  readonly received: readonly Received[];
  /** Open connections. */
  readonly connections: number;
  behave(how: Behaviour): void;
  /** Stops listening and resets every connection. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
}

/** What a test holds of a stub: the same for every protocol, around what its server keeps. */
export function stubBackend(
  port: StubPort,
  received: readonly Received[],
  behave: (how: Behaviour) => void,
): StubBackend {
  return {
    get port() {
      return port.port;
    },
    get connections() {
      return port.connections;
    },
    received,
    behave,
    start: () => port.start(),
    stop: () => port.stop(),
  };
}

/** The listening side of a stub: a port that is kept, and connections that can be counted and reset. */
export class StubPort {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** 0 before the first start, which picks one; kept from then on, so that a backend can come back where it was. */
  get port(): number {
    return this.#port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", resolve);
    });
    // A server on TCP has an AddressInfo; only pipes have a string.
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Clients see a reset and then a refusal, as with a process that was killed: nothing is closed politely. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.reset();
    await closed;
  }

  /** Resets every connection. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}
