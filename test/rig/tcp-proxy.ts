/**
 * A road to a TCP server that can be broken: connections through it are forwarded, delayed, left hanging, reset, or lose one
 * piece of what the server answered.
 */
import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** What happens to what is sent from now on, on connections that are open and that are made. */
export interface Fault {
  /** How long each piece is held back in either direction, milliseconds. */
  readonly delayMs?: number;
  /** Nothing gets through to the server, to the client, or both; connections stay open. */
  readonly blackhole?: "requests" | "replies" | "both";
  /** New connections are reset at once. */
  readonly refuse?: boolean;
}

/** The next piece of an answer of at least `minBytes`, counted from one. */
export interface LostReply {
  readonly nth: number;
  readonly minBytes?: number;
  /** Whether the connection is then reset; otherwise it stays open and the client waits. */
  readonly reset: boolean;
}

/** A proxy that listens on loopback. */
export interface TcpProxy {
  readonly port: number;
  /** Connections made so far, and open now. */
  readonly connections: { readonly made: number; readonly open: number };
  /** Replies lost by `loseReply` so far. */
  readonly lost: number;
  /** Replaces the fault; no argument heals. What a blackhole swallowed is gone. */
  set(fault?: Fault): void;
  /** Loses one piece of an answer, once, after which everything gets through again. */
  loseReply(reply: LostReply): void;
  /** Breaks all open connections with RST. */
  reset(): void;
  close(): Promise<void>;
}

/** Where a proxy listens and what is behind it. */
export interface TcpProxyOptions {
  /** 0, the default, picks one. */
  readonly port?: number;
  /** The server's port on loopback. */
  readonly target: number;
}

type Way = "requests" | "replies";

/** Starts a proxy that forwards faithfully until it is told otherwise. */
export async function startTcpProxy({ port = 0, target }: TcpProxyOptions): Promise<TcpProxy> {
  let fault: Fault = {};
  let losing: LostReply | undefined;
  let [made, lost, seen] = [0, 0, 0];
  const open = new Map<Socket, Socket>();

  /** Whether this piece of an answer is the one to lose. */
  const loses = (piece: Buffer): boolean => {
    if (losing === undefined || piece.length < (losing.minBytes ?? 0)) return false;
    seen++;
    return seen === losing.nth;
  };
  const pipe = (from: Socket, to: Socket, way: Way) => {
    from.on("data", (piece: Buffer) => {
      if (fault.blackhole === way || fault.blackhole === "both") return;
      if (way === "replies" && loses(piece)) {
        lost++;
        if (losing?.reset === true) breakOff(to);
        losing = undefined;
        return;
      }
      // A full buffer holds the sender back, as the road itself would.
      const pass = () => to.writable && !to.write(piece) && from.pause();
      if (fault.delayMs === undefined) pass();
      else setTimeout(pass, fault.delayMs);
    });
    to.on("drain", () => from.resume());
    from.on("end", () => setTimeout(() => to.end(), fault.delayMs ?? 0));
    from.on("error", () => breakOff(from));
    from.on("close", () => breakOff(to));
  };
  const breakOff = (socket: Socket) => {
    const other = open.get(socket);
    for (const one of [socket, other]) {
      if (one === undefined) continue;
      open.delete(one);
      if (!one.destroyed) one.resetAndDestroy();
    }
  };

  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    made++;
    if (fault.refuse === true) {
      client.on("error", () => {}).resetAndDestroy();
      return;
    }
    const behind = dial({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    open.set(client, behind).set(behind, client);
    pipe(client, behind, "requests");
    pipe(behind, client, "replies");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const reset = () => [...open.keys()].forEach(breakOff);
  return {
    port: address.port,
    get connections() {
      return { made, open: open.size / 2 };
    },
    get lost() {
      return lost;
    },
    set(next = {}) {
      fault = next;
    },
    loseReply(reply) {
      seen = 0;
      losing = reply;
    },
    reset,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        reset();
      }),
  };
}
