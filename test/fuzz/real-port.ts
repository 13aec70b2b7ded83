/** `rondo up` in its own process, reached through a real port. What it accepts its worker reads and a debug exporter prints. */
import { connect } from "node:net";
import { startWatchedRondo } from "../rig/watched-rondo.ts";
import { grpcFuzzClient } from "./grpc-target.ts";
import { httpFuzzClient } from "./http-target.ts";
import type { Target, Transport } from "./target.ts";

/** Starts the process in `folder`, and gives a way in over one transport. */
export async function realPort(transport: Transport, folder: string): Promise<Target> {
  const rondo = await startWatchedRondo(folder);
  const open = () => connect({ port: rondo.ports[transport], host: "127.0.0.1", noDelay: true });
  const client = transport === "grpc" ? grpcFuzzClient(open) : httpFuzzClient(open);
  return {
    send: client.send,
    memory: rondo.memory,
    check: rondo.check,
    async [Symbol.asyncDispose]() {
      client.close();
      await rondo[Symbol.asyncDispose]();
    },
  };
}
