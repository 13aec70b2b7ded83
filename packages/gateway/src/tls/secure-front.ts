/** TLS in front of a server of plain connections: what is decrypted is handed to it as its own. */
import type { Server } from "node:net";
import { createServer, type Server as TlsServer } from "node:tls";
import { closed } from "../listener.ts";
import type { ServerTls } from "./server-tls.ts";

/** A bound TLS server before another. */
export interface SecureFront {
  /** What is to be bound. */
  readonly server: TlsServer;
  /** Stops accepting, connections that are still in their handshake among them; the others go on. */
  stop(): void;
  /** Cuts every connection, those in their handshake among them, and resolves when all are gone. */
  close(): Promise<void>;
}

/** Puts TLS before `inner`, which must not be bound itself. Clients must agree on `protocol` by ALPN, RFC 7301. */
export function secureFront(inner: Server, tls: ServerTls, protocol: "h2" | "http/1.1"): SecureFront {
  let stopped = false;
  const server = createServer({ ...tls.options, ALPNProtocols: [protocol] }, (socket) => {
    // Between a session's end and its socket's there is nobody else to hear of an error, which would then end the process.
    socket.on("error", () => socket.destroy());
    // A handshake that ends after the stop would begin a session that nobody tells to go.
    if (socket.alpnProtocol === protocol && !stopped) inner.emit("connection", socket);
    else socket.destroy();
  });
  const cut = tls.serve(server);
  return {
    server,
    stop() {
      stopped = true;
      server.close();
    },
    close() {
      stopped = true;
      return closed(server, cut);
    },
  };
}
