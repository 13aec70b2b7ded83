/** One server of `grpc.ts`: `rondo FOLDER`, `grpc-js` or `http2`. Tells its parent the port, and ends when the parent says so. */
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import { type Place, readFields, silentLog, systemClock } from "@rondo/core";
import { memoryBroker } from "@rondo/testkit";
import { countingLog } from "../rig/counting-log.ts";
import { GRPC_PATHS } from "../rig/otlp-transport.ts";

const HOST = "127.0.0.1";
const STREAM_WINDOW = 4 << 20;
const CONNECTION_WINDOW = 16 << 20;
const PARTITIONS = 6;
const CREDITS = 512 << 20;

const portOf = (server: http2.Http2Server) =>
  new Promise<number>((bound) => {
    // A listening TCP server has such an address.
    server.listen(0, HOST, () => bound((server.address() as AddressInfo).port));
  });

/** The gateway of a checkout over a log that counts and keeps nothing. */
async function rondo(folder: string): Promise<number> {
  const source = pathToFileURL(`${folder}/packages/gateway/src/index.ts`).href;
  // The module is the one whose types these are, or an earlier one of the same interface.
  const { noMetrics, otlpReceiver, startGateway } = (await import(source)) as typeof import("@rondo/gateway");
  const place: Place = { path: "", problem: (said) => console.error(said), warn() {}, at: () => place };
  const values = readFields(otlpReceiver.fields, { protocols: { grpc: { endpoint: `${HOST}:0` } } }, place);
  if (values === undefined) throw new Error("the receiver's values are not as they should be");
  const gateway = await startGateway({
    receivers: [{ id: "otlp", type: otlpReceiver, values }],
    pipelines: [{ id: "traces", signal: "traces", receivers: ["otlp"], processors: [], exporters: [] }],
    broker: countingLog(memoryBroker().state, PARTITIONS),
    lingerMs: 10,
    creditsBytes: CREDITS,
    metrics: noMetrics,
    log: silentLog,
    clock: systemClock,
    random: Math.random,
    collect: () => globalThis.gc?.({ type: "minor" }),
    instance: "bench",
  });
  return gateway.addresses[0]?.port ?? 0;
}

/** A bare grpc-js server with wide windows: it reads a message, discards it and says OK. */
function grpcJs(): Promise<number> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.enable_channelz": 0 });
  const raw = (bytes: Buffer) => bytes;
  const empty = Buffer.alloc(0);
  const discard = (_: unknown, callback: sendUnaryData<Buffer>) => callback(null, empty);
  server.register(GRPC_PATHS.traces, discard, raw, raw, "unary");
  // grpc-js passes no window on: the function that it makes its HTTP/2 server with is replaced while it does.
  const create = http2.createServer;
  let made: http2.Http2Server | undefined;
  Reflect.set(http2, "createServer", (options: http2.ServerOptions) => {
    made = create({ ...options, settings: { ...options.settings, initialWindowSize: STREAM_WINDOW } });
    made.on("session", (session) => session.setLocalWindowSize(CONNECTION_WINDOW));
    return made;
  });
  server.createConnectionInjector(ServerCredentials.createInsecure());
  Reflect.set(http2, "createServer", create);
  if (made === undefined) throw new Error("grpc-js did not make its server with http2.createServer");
  return portOf(made);
}

/** The least that node:http2 can do for a call: read, discard, say OK. */
function bareHttp2(): Promise<number> {
  const server = http2.createServer({ settings: { initialWindowSize: STREAM_WINDOW } });
  server.on("session", (session) => session.setLocalWindowSize(CONNECTION_WINDOW));
  const success = Buffer.alloc(5);
  server.on("stream", (stream: http2.ServerHttp2Stream) => {
    stream.on("error", () => {});
    stream.resume().on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(success);
    });
  });
  return portOf(server);
}

const [kind, folder = new URL("../..", import.meta.url).pathname] = process.argv.slice(2);
const port = await (kind === "rondo" ? rondo(folder) : kind === "grpc-js" ? grpcJs() : bareHttp2());
// An orderly end, so that a profile is written.
process.once("message", () => process.exit(0));
process.once("disconnect", () => process.exit(1));
process.send?.(port);
