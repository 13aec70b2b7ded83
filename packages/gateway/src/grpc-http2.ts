/** Reaches the HTTP/2 server inside grpc-js, to raise its windows and to bind, watch and end it ourselves. */
import http2 from "node:http2";
import { Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import { type Clock, Fault } from "@rondo/core";

/** What one call, and one connection, may send before we have read it. Node's 64 KiB stall every larger upload. */
const STREAM_WINDOW = 4 << 20;
const CONNECTION_WINDOW = 16 << 20;

/** A connection that has not said HTTP/2 after this is cut. */
const HANDSHAKE_MS = 10_000;

/** A grpc-js server with the HTTP/2 server under it; that one is bound with `listen`. */
export interface GrpcServer {
  readonly grpc: Server;
  readonly http2: http2.Http2Server;
  /** Lets calls end and connections go, after telling clients to go elsewhere (GOAWAY). */
  drain(): void;
  /** Cuts every connection and resolves when all are gone. */
  close(): Promise<void>;
}

/**
 * Makes a server. grpc-js 1.14 passes no window to its HTTP/2 server and ignores `grpc-node.flow_control_window` there
 * (grpc-node pull request 3058), which doubles the cost of large messages. A connection injector, its public way to bring one's
 * own sockets, creates that server with `http2.createServer`; the function is replaced for the length of that one synchronous
 * call. Throws a `bug` Fault when a later grpc-js no longer does so.
 */
export function grpcServer(options: ServerOptions, clock: Clock): GrpcServer {
  const grpc = new Server(options);
  const create = http2.createServer;
  let made: http2.Http2Server | undefined;
  const wide = (given: http2.ServerOptions): http2.Http2Server => {
    made = create({ ...given, settings: { ...given.settings, initialWindowSize: STREAM_WINDOW } });
    return made;
  };
  Reflect.set(http2, "createServer", wide);
  try {
    grpc.createConnectionInjector(ServerCredentials.createInsecure());
  } finally {
    Reflect.set(http2, "createServer", create);
  }
  if (made === undefined) throw new Fault("bug", "grpc-js did not make its server with http2.createServer");
  const server: http2.Http2Server = made;
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => {
    session.setLocalWindowSize(CONNECTION_WINDOW);
    sessions.add(session);
    const cancel = clock.after(HANDSHAKE_MS, () => session.destroy(), { background: true });
    session.once("remoteSettings", cancel);
    session.once("close", () => {
      cancel();
      sessions.delete(session);
    });
  });
  return {
    grpc,
    http2: server,
    drain() {
      server.close();
      for (const session of sessions) session.close();
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        grpc.forceShutdown();
      });
    },
  };
}
