/** A server on a port that can go away and come back: while it is shut, connections are refused, as if nothing were there. */
import type { AddressInfo, Server, Socket } from "node:net";
import { Fault } from "@rondo/core";
import type { Address } from "../address.ts";

/** Connections that one server takes at a time. */
const MAX_CONNECTIONS = 4096;

/** An address as flags write it. */
export function showAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An open server and its connections. */
export class Listening {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #address: Address;

  private constructor(server: Server, address: Address) {
    this.#server = server;
    this.#address = address;
    server.maxConnections = MAX_CONNECTIONS;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Listens with `server` on `address`. Throws a Fault `startup` that names the address and the way out. */
  static async open(server: Server, address: Address): Promise<Listening> {
    const listening = new Listening(server, address);
    await listening.reopen();
    return listening;
  }

  /** The address in use. */
  get address(): Address {
    return this.#address;
  }

  /** Listens again after `shut`; does nothing when it listens already. */
  async reopen(): Promise<void> {
    if (this.#server.listening) return;
    const { host, port } = this.#address;
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(cannotListen(this.#address, error));
      this.#server.once("error", failed);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", failed);
        resolve();
      });
    });
    const bound = this.#server.address();
    if (isAddressInfo(bound)) this.#address = { host, port: bound.port };
  }

  /** Stops listening and cuts every connection. Resolves when the port is free. */
  async shut(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function isAddressInfo(bound: AddressInfo | string | null): bound is AddressInfo {
  return typeof bound === "object" && bound !== null;
}

/** What an operator reads when a port cannot be had. */
function cannotListen(address: Address, error: NodeJS.ErrnoException): Fault {
  const why = error.code === "EADDRINUSE" ? "the port is in use" : error.message;
  return new Fault("startup", `cannot listen on ${showAddress(address)}: ${why}; choose another address, or port 0`);
}
