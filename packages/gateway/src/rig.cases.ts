/** A gateway on free ports over a log in memory, and the requests that tests send to it. */

import { RAW_TOPICS } from "@rondo/broker";
import type { PipelineNode } from "@rondo/config";
import { type Clock, type Log, type Place, readFields, silentLog, systemClock } from "@rondo/core";
import { CARRIED, type Carried, SIGNALS, type Signal } from "@rondo/otlp";
import { decodedItems, decodeRequest, REQUEST_TYPES } from "@rondo/otlp/codec";
import { type MemoryBroker, memoryBroker } from "@rondo/testkit";
import {
  type Gateway,
  type GatewayMetrics,
  type GatewayOptions,
  noMetrics,
  otlpReceiver,
  startGateway,
} from "./index.ts";

/** A place that collects what is said of a configuration. */
export function place(path = "", said: string[] = []): Place {
  return {
    path,
    problem: (message) => void said.push(`${path}: ${message}`),
    warn: (message) => void said.push(`warning: ${path}: ${message}`),
    at: (key) => place(path === "" ? String(key) : `${path}::${key}`, said),
  };
}

/** Reads a receiver's configuration; throws when it has a problem. */
export function receiverValues(raw: unknown) {
  const said: string[] = [];
  const values = readFields(otlpReceiver.fields, raw, place("", said));
  if (values === undefined) throw new Error(said.join("\n"));
  return values;
}

/** One pipeline per signal, all fed by `receiver`. */
export function pipelines(
  signals: readonly Carried[],
  receiver = "otlp",
  processors: PipelineNode["processors"] = [],
): PipelineNode[] {
  return signals.map((signal) => ({ id: signal, signal, receivers: [receiver], processors, exporters: [] }));
}

export interface RigOptions {
  readonly grpc?: object;
  readonly http?: object;
  readonly extensions?: GatewayOptions["extensions"];
  readonly tenants?: GatewayOptions["tenants"];
  readonly processors?: PipelineNode["processors"];
  /** Those of SIGNALS unless told otherwise. */
  readonly signals?: readonly Carried[];
  readonly creditsBytes?: number;
  readonly lingerMs?: number;
  readonly partitions?: number;
  readonly metrics?: GatewayMetrics;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly broker?: MemoryBroker;
  /** One port for both protocols. */
  readonly isShared?: boolean;
}

/** An endpoint that is never bound: whoever names it twice shares a free port. */
const SHARED = "127.0.0.1:4317";

export interface Rig extends AsyncDisposable {
  readonly broker: MemoryBroker;
  readonly gateway: Gateway;
  readonly http: number;
  readonly grpc: number;
}

/** Starts a gateway on 127.0.0.1; `await using` ends it. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const { signals = SIGNALS, clock = systemClock } = options;
  const broker = options.broker ?? memoryBroker({ partitions: options.partitions ?? 1 });
  await broker.ensureTopics(CARRIED.map((signal) => ({ name: RAW_TOPICS[signal] })));
  const { isShared = false } = options;
  const endpoint = isShared ? SHARED : "127.0.0.1:0";
  const values = receiverValues({
    protocols: { grpc: { endpoint, ...options.grpc }, http: { endpoint, ...options.http } },
  });
  const gateway = await startGateway({
    receivers: [{ id: "otlp", type: otlpReceiver, values }],
    pipelines: pipelines(signals, "otlp", options.processors),
    extensions: options.extensions ?? [],
    tenants: options.tenants,
    broker,
    lingerMs: options.lingerMs ?? 1,
    creditsBytes: options.creditsBytes ?? 128 << 20,
    metrics: options.metrics ?? noMetrics,
    log: options.log ?? silentLog,
    clock,
    random: () => 0,
    instance: "test",
    ...(isShared && { listen: () => ({ host: "127.0.0.1", port: 0 }) }),
  });
  const portOf = (protocol: string) => gateway.addresses.find((one) => one.protocol === protocol)?.port ?? 0;
  return {
    broker,
    gateway,
    http: portOf("http"),
    grpc: portOf("grpc"),
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const bytes = (length: number, seed: number) => new Uint8Array(length).fill((seed % 255) + 1);

/** What surrounds an item of each signal, and the item itself. */
const SHAPES: Readonly<
  Record<Signal, { list: string; scopes: string; items: string; item: (name: string, i: number) => object }>
> = {
  traces: {
    list: "resourceSpans",
    scopes: "scopeSpans",
    items: "spans",
    item: (name, i) => ({ name, traceId: bytes(16, i), spanId: bytes(8, i) }),
  },
  metrics: {
    list: "resourceMetrics",
    scopes: "scopeMetrics",
    items: "metrics",
    item: (name) => ({ name, gauge: { dataPoints: [{ asDouble: 1 }] } }),
  },
  logs: {
    list: "resourceLogs",
    scopes: "scopeLogs",
    items: "logRecords",
    item: (name) => ({ body: { stringValue: name } }),
  },
};

/** A request with one item per name, of one service; `namesIn` finds the names again. */
export function request(signal: Signal, names: readonly string[], service = "svc"): Buffer {
  const { list, scopes, items, item } = SHAPES[signal];
  const resource = { attributes: [text("service.name", service)] };
  const message = { [list]: [{ resource, [scopes]: [{ scope: { name: "test" }, [items]: names.map(item) }] }] };
  return Buffer.from(REQUEST_TYPES[signal].encode(message).finish());
}

/** The names of the items of a request, in order. */
export function namesIn(signal: Signal, body: Uint8Array): string[] {
  return [...decodedItems(signal, decodeRequest(signal, body))].map(
    ({ item, metric }) =>
      metric?.name ?? ("body" in item ? item.body?.stringValue : "name" in item ? item.name : "") ?? "",
  );
}

/** The bodies of everything that is durable for a signal, partition by partition in the order of the log. */
export function durableBodies(broker: MemoryBroker, signal: Carried): Uint8Array[] {
  return broker.records(RAW_TOPICS[signal]).map(({ value }) => value);
}

/** The names of everything that is durable for a signal, in that order. */
export function durableNames(broker: MemoryBroker, signal: Signal): string[] {
  return durableBodies(broker, signal).flatMap((body) => namesIn(signal, body));
}

/** A request of spans of which the second has a short trace id, the third an all-zero span id, and the fourth a broken name. */
export function flawedSpans(): Buffer {
  const ids = (trace: number, span: number, fill = 1) => ({
    traceId: new Uint8Array(trace).fill(1),
    spanId: new Uint8Array(span).fill(fill),
  });
  const spans = [
    { name: "a", ...ids(16, 8) },
    { name: "b", ...ids(15, 8) },
    { name: "c", ...ids(16, 8, 0) },
    { name: "broken", ...ids(16, 8) },
    { name: "e", ...ids(16, 8) },
  ];
  const body = Buffer.from(REQUEST_TYPES.traces.encode({ resourceSpans: [{ scopeSpans: [{ spans }] }] }).finish());
  body[body.indexOf("broken")] = 0xff;
  return body;
}
