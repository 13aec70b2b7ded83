/** A process of clients that open connections, send a few bytes on each, and then say nothing: `fork` it and send it an `Order`. */
import { connect, type Socket } from "node:net";

/** What the process is told to do. */
export interface Order {
  readonly port: number;
  readonly connections: number;
  /** What each sends when it is open. */
  readonly bytes: string;
}

/** What it says after every change: how many are open, how many were closed, and how many had an answer with a 200. */
export interface Standing {
  readonly open: number;
  readonly closed: number;
  readonly served: number;
}

/** Connections that are being opened at once: more than the backlog of a listener are lost. */
const AT_ONCE = 100;
const REPORT_MS = 50;

process.on("message", ({ port, connections, bytes }: Order) => {
  let started = 0;
  let opening = 0;
  let open = 0;
  let closed = 0;
  let served = 0;
  const next = () => {
    while (opening < AT_ONCE && started < connections) {
      started += 1;
      opening += 1;
      follow(connect(port, "127.0.0.1"));
    }
  };
  const follow = (socket: Socket) => {
    let isOpening = true;
    const opened = () => {
      if (!isOpening) return;
      isOpening = false;
      opening -= 1;
      next();
    };
    socket.on("connect", () => {
      open += 1;
      socket.write(bytes);
      opened();
    });
    socket.on("data", (chunk) => {
      if (chunk.toString("latin1").startsWith("HTTP/1.1 200")) served += 1;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      open -= 1;
      closed += 1;
      opened();
    });
  };
  next();
  setInterval(() => process.send?.({ open, closed, served } satisfies Standing), REPORT_MS);
});
process.on("disconnect", () => process.exit());
