/** What a transport's listener is to the gateway, and how a socket is bound so that its failure can be explained. */
import type { Server } from "node:net";
import type { Clock, Log } from "@rondo/core";
import { onceEvery } from "@rondo/monitor";
import type { Carried } from "@rondo/otlp";
import type { Authenticator } from "./auth/authenticator.ts";
import type { MetadataKeeper } from "./client-metadata.ts";
import { bindAddress, type Endpoint, listenFault } from "./endpoint.ts";
import type { Intake } from "./intake.ts";
import type { JsonConversion } from "./json-conversion.ts";
import type { Outcome, Protocol } from "./metrics.ts";
import { removeStaleSocket } from "./stale-socket.ts";
import type { ServerTls } from "./tls/server-tls.ts";

/** Connections that one listener holds; further ones are closed at once. */
export const MAX_CONNECTIONS = 10_000;

/** A listener's failure is written once in this time: without file descriptors, every client brings about one. */
const WARN_MS = 60_000;

/** A bound, accepting listener. */
export interface Listener {
  readonly protocol: Protocol;
  /** Its address; of a unix socket the path, with port 0. */
  readonly host: string;
  readonly port: number;
  /** Stops accepting; what is being answered goes on. */
  stop(): void;
  /** Cuts every connection and resolves when all are gone. */
  close(): Promise<void>;
}

/** What a listener is given. */
export interface ListenerOptions {
  /** The receiver's id. */
  readonly receiver: string;
  /** Where the endpoint stands in the configuration, for errors. */
  readonly key: string;
  readonly endpoint: Endpoint;
  /** The signals that some pipeline takes from this receiver. */
  readonly signals: readonly Carried[];
  /** Asked before a body is read. */
  readonly authenticator: Authenticator;
  /** Keeps client metadata; absent: nobody reads any. */
  readonly metadata?: MetadataKeeper | undefined;
  /** Absent: plain text. */
  readonly tls?: ServerTls | undefined;
  readonly intake: Intake;
  readonly json: JsonConversion;
  /** Makes a drain wait for what becomes of a request whose body is here. */
  readonly pending: <T>(work: Promise<T>) => Promise<T>;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes note of memory that was read of a socket, copied and dropped: see short-lived.ts. */
  readonly dropped?: ((bytes: number) => void) | undefined;
  /** Called when a request was answered, or its client went away (`gone`). */
  readonly answered: (outcome: Outcome, seconds: number) => void;
}

/** What was bound: an address with its port, or the path of a socket with 0. */
export interface Bound {
  readonly address: string;
  readonly port: number;
}

/** Binds `server`; rejects with a `startup` Fault that names the key, the reason and the way out. */
export async function bind(server: Server, at: Endpoint, key: string): Promise<Bound> {
  try {
    if ("path" in at) await removeStaleSocket(at.path);
    return await listen(server, at);
  } catch (thrown) {
    throw listenFault(thrown, at, key);
  }
}

/**
 * Lets a bound server go on after an error, as where there is no file descriptor for a connection, and logs it: without a
 * listener the error would end the process.
 */
export function outliveErrors(
  server: Server,
  { key, clock, log }: Pick<ListenerOptions, "key" | "clock" | "log">,
): void {
  const seldom = onceEvery(clock, WARN_MS);
  server.on("error", ({ message }: Error) => {
    seldom(message, (passedOver) =>
      log.error("a listener has failed and goes on", { key, reason: message, passedOver }),
    );
  });
}

/** Binds a server as every listener is: so many connections and no more, and errors that it lives through. Rejects as `bind`. */
export async function accept(
  server: Server,
  options: Pick<ListenerOptions, "endpoint" | "key" | "clock" | "log">,
): Promise<Bound> {
  server.maxConnections = MAX_CONNECTIONS;
  const bound = await bind(server, options.endpoint, options.key);
  outliveErrors(server, options);
  return bound;
}

/** Stops accepting, cuts what is open by `cut`, and resolves when all connections are gone. */
export function closed(server: Server, cut: () => void): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    cut();
  });
}

function listen(server: Server, at: Endpoint): Promise<Bound> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(bindAddress(at), () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null) reject(new Error("the socket has no address"));
      else resolve(typeof address === "string" ? { address, port: 0 } : address);
    });
  });
}
