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
  /** Whose connections it befalls, by the port that they come from; everybody's unless given. */
  readonly only?: (clientPort: number) => boolean;
}

/** The next piece of an answer of at least `minBytes`, counted from one. */
export interface LostReply {
  readonly nth: number;
  readonly minBytes?: number;
  /** Whether the connection is then reset; otherwise it stays open and the client waits. */
  readonly reset: boolean;
}

/** Sees what passes through one connection, and decides what of the answers gets through. */
export interface Watch {
  request(piece: Buffer, clientPort: number): void;
  /** What gets through instead of this piece, perhaps nothing; undefined resets the connection. */
  reply(piece: Buffer, clientPort: number): Buffer | undefined;
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
  /** Breaks open connections with RST: all, or those that come from such ports. */
  reset(only?: (clientPort: number) => boolean): void;
  close(): Promise<void>;
}

/** Where a proxy listens and what is behind it. */
export interface TcpProxyOptions {
  /** 0, the default, picks one. */
  readonly port?: number;
  /** The server's port on loopback. */
  readonly target: number;
  /** Makes the watch of a connection. */
  readonly watch?: () => Watch;
}

type Way = "requests" | "replies";

/** The two ends of one connection. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly port: number;
  readonly watch: Watch | undefined;
  /** Whether the fault is one for this connection. */
  befallen: boolean;
}

/** Starts a proxy that forwards faithfully until it is told otherwise. */
export async function startTcpProxy({ port = 0, target, watch }: TcpProxyOptions): Promise<TcpProxy> {
  let fault: Fault = {};
  const befalls = (clientPort: number) => fault.only?.(clientPort) ?? true;
  let losing: LostReply | undefined;
  let [made, lost, seen] = [0, 0, 0];
  const links = new Set<Link>();
  const breakOff = (link: Link) => {
    links.delete(link);
    for (const socket of [link.client, link.server]) if (!socket.destroyed) socket.resetAndDestroy();
  };

  /** Whether this piece of an answer is the one to lose; it is the last that is asked about then. */
  const loses = (piece: Buffer): LostReply | undefined => {
    if (losing === undefined || piece.length < (losing.minBytes ?? 0)) return undefined;
    seen++;
    if (seen < losing.nth) return undefined;
    const found = losing;
    losing = undefined;
    return found;
  };
  const carry = (link: Link, way: Way) => {
    const [from, to] = way === "requests" ? [link.client, link.server] : [link.server, link.client];
    // Whatever the delay becomes, what was sent first arrives first.
    const waiting: (() => void)[] = [];
    const later = (act: () => void) => {
      const delayMs = link.befallen ? (fault.delayMs ?? 0) : 0;
      if (delayMs === 0 && waiting.length === 0) act();
      else {
        waiting.push(act);
        setTimeout(() => waiting.shift()?.(), delayMs);
      }
    };
    const swallowed = () => link.befallen && (fault.blackhole === way || fault.blackhole === "both");
    from.on("data", (piece: Buffer) => {
      if (swallowed()) return;
      const reply = way === "replies" ? loses(piece) : undefined;
      if (reply !== undefined) {
        lost++;
        if (reply.reset) breakOff(link);
        return;
      }
      if (way === "requests") link.watch?.request(piece, link.port);
      const through = way === "replies" && link.watch !== undefined ? link.watch.reply(piece, link.port) : piece;
      if (through === undefined) {
        breakOff(link);
        return;
      }
      // A full buffer holds the sender back, as the road itself would.
      if (through.length > 0) later(() => void (to.writable && !to.write(through) && from.pause()));
    });
    to.on("drain", () => from.resume());
    from.on("end", () => void (swallowed() || later(() => to.end())));
    from.on("error", () => breakOff(link));
    from.on("close", () => void (to.destroyed && links.delete(link)));
  };

  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    made++;
    const clientPort = client.remotePort ?? 0;
    const befallen = befalls(clientPort);
    if (fault.refuse === true && befallen) {
      client.on("error", () => {}).resetAndDestroy();
      return;
    }
    const behind = dial({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const link: Link = { client, server: behind, port: clientPort, watch: watch?.(), befallen };
    links.add(link);
    carry(link, "requests");
    carry(link, "replies");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const reset = (only: (clientPort: number) => boolean = () => true) => {
    for (const link of links) if (only(link.port)) breakOff(link);
  };
  return {
    port: address.port,
    get connections() {
      return { made, open: links.size };
    },
    get lost() {
      return lost;
    },
    set(next = {}) {
      fault = next;
      for (const link of links) link.befallen = befalls(link.port);
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
