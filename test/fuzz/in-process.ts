/** A gateway in this process, reached without sockets: connections are pairs of streams in memory, its log is read and forgotten. */
import http from "node:http";
import http2 from "node:http2";
import { syncBuiltinESMExports } from "node:module";
import { type Duplex, duplexPair } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RAW_TOPICS } from "@rondo/broker";
import { type Log, silentLog } from "@rondo/core";
import { anonymousBytes } from "@rondo/monitor";
import { countItems, FlawedItems, removeItems, SIGNALS, validateRequest } from "@rondo/otlp";
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";
import { requestToJson } from "@rondo/otlp/json";
import { type Rig, rig } from "../../packages/gateway/src/rig.cases.ts";
import { grpcFuzzClient } from "./grpc-target.ts";
import { httpFuzzClient } from "./http-target.ts";
import type { Target, Transport } from "./target.ts";

const PARTITIONS = 3;

/** What takes a connection that did not come from its socket; every server of Node does. */
interface Server {
  emit(event: "connection", connection: Duplex): boolean;
}

/** The servers that `start` makes with node:http and node:http2. */
async function withServers<T>(start: () => Promise<T>): Promise<{ readonly made: T; http?: Server; grpc?: Server }> {
  const servers: { http?: Server; grpc?: Server } = {};
  const undo = [
    watch(http, (server) => {
      servers.http = server;
    }),
    watch(http2, (server) => {
      servers.grpc = server;
    }),
  ];
  try {
    return { made: await start(), ...servers };
  } finally {
    for (const restore of undo) restore();
  }
}

function watch(module: { readonly createServer: unknown }, made: (server: Server) => void): () => void {
  const { createServer } = module;
  if (typeof createServer !== "function") throw new Error("createServer is no function");
  const watched = (...given: unknown[]): Server => {
    const server: Server = Reflect.apply(createServer, module, given);
    made(server);
    return server;
  };
  const set = (to: unknown) => {
    Reflect.set(module, "createServer", to);
    syncBuiltinESMExports();
  };
  set(watched);
  return () => set(createServer);
}

/** A log that keeps what went wrong. */
function listeningLog(heard: string[]): Log {
  const keep = (text: string, fields?: object) => void heard.push(`${text} ${JSON.stringify(fields)}`);
  return { ...silentLog, error: keep };
}

/** Starts a gateway and gives a way in over one transport. */
export async function inProcess(transport: Transport): Promise<Target> {
  const heard: string[] = [];
  const started = await withServers(() => rig({ log: listeningLog(heard), lingerMs: 0, partitions: PARTITIONS }));
  const server = started[transport];
  if (server === undefined) throw new Error(`the gateway made no server for ${transport}`);
  const connect = () => {
    const [ours, theirs] = duplexPair();
    server.emit("connection", theirs);
    return ours;
  };
  const client = transport === "grpc" ? grpcFuzzClient(connect) : httpFuzzClient(connect);
  return {
    send: client.send,
    memory() {
      collect();
      return anonymousBytes();
    },
    async check() {
      await checkLog(started.made);
      if (heard.length > 0) throw new Error(`the gateway logged ${heard.splice(0).slice(0, 3).join("; ")}`);
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await started.made[Symbol.asyncDispose]();
    },
  };
}

/**
 * What was accepted must be readable by everyone behind the worker's own check: our cursors, the generated codec, and JSON. Then it
 * is forgotten.
 */
async function checkLog({ broker }: Rig): Promise<void> {
  for (const signal of SIGNALS) {
    const topic = RAW_TOPICS[signal];
    const highs: number[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      highs.push((await broker.watermarks(topic, partition)).high);
    }
    for (const { value, headers } of broker.records(topic)) {
      const items = countItems(signal, value);
      const flawed = new FlawedItems();
      validateRequest(signal, value, flawed, "items");
      const sound = removeItems(signal, value, (index) => flawed.has(index));
      const decoded = [...decodedItems(signal, decodeRequest(signal, sound))].length;
      if (items !== decoded + flawed.count || items !== Number(headers["items"])) {
        throw new Error(`a record of ${headers["items"]} ${signal} has ${items}, ${decoded} sound ones by the codec`);
      }
      requestToJson(signal, sound);
    }
    for (const [partition, high] of highs.entries()) broker.trim(topic, partition, high);
  }
}

/** Collects garbage, so that memory compared at two times is memory that is held. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  if (typeof gc === "function") gc();
}
