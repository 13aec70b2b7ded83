/** The gateway role: listens for every OTLP receiver that a pipeline uses and makes what it accepts durable in the log. */
import { type Broker, RAW_TOPICS } from "@rondo/broker";
import { type Graph, metadataKeptFor, type TenantsSettings } from "@rondo/config";
import { type Clock, Fault, type Log, type Random } from "@rondo/core";
import { CARRIED, type Carried } from "@rondo/otlp";
import { type Admission, admission } from "./admission.ts";
import { type Authenticators, openAuthenticators } from "./auth/open-authenticators.ts";
import { BATCH_LIMITS, type Batcher, batcher } from "./batcher.ts";
import { type MetadataRefusal, metadataKeeper } from "./client-metadata.ts";
import { type Endpoint, endpointText } from "./endpoint.ts";
import { startGrpc } from "./grpc.ts";
import { startHttp } from "./http.ts";
import { type Intake, intake } from "./intake.ts";
import { jsonConversion } from "./json-conversion.ts";
import type { Listener, ListenerOptions } from "./listener.ts";
import { logAppend } from "./log-append.ts";
import { type MemoryLimit, memoryGuard } from "./memory-guard.ts";
import type { Account, GatewayMetrics, Outcome, Protocol, Reasons } from "./metrics.ts";
import { type OffLoop, offLoop } from "./off-loop.ts";
import { startOnePort } from "./one-port.ts";
import { type Guard, openGuard } from "./open-guard.ts";
import { type GrpcValues, type HttpValues, type OtlpReceiverValues, otlpReceiver } from "./otlp-receiver.ts";
import { isShared } from "./shared-endpoint.ts";
import { shortLived } from "./short-lived.ts";
import { tenantRates, UNLIMITED } from "./tenant-rates.ts";
import { openTotals, type Total, type Totals } from "./totals.ts";

/** What a gateway needs from the process that runs it. */
export interface GatewayOptions {
  readonly receivers: Graph["receivers"];
  readonly pipelines: Graph["pipelines"];
  /** The extensions of the service; those that are authenticators are opened. Absent: none. */
  readonly extensions?: Graph["extensions"];
  /** The raw topics of the pipelines' signals must exist in it. */
  readonly broker: Pick<Broker, "append" | "state" | "partitions">;
  /** How long a small record waits for company, milliseconds: of the configuration's broker section. */
  readonly lingerMs: number;
  /** Bytes that may be in flight at once: see `creditsFrom`. */
  readonly creditsBytes: number;
  /** Grants fewer credits where the process would exceed it; absent: bodies alone are bounded. */
  readonly memory?: MemoryLimit | undefined;
  /** Collects young memory, in a millisecond or two; absent: V8 decides alone. */
  readonly collect?: (() => void) | undefined;
  /** What tenants may send; absent: what they like. */
  readonly tenants?: TenantsSettings | undefined;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** The name of this process among gateways; its totals are kept under it. */
  readonly instance: string;
  /** Replaces configured endpoints; undefined leaves one as it is. */
  readonly listen?: (receiver: string, protocol: Protocol) => Endpoint | undefined;
}

/** Where a receiver listens. */
export interface Address {
  readonly receiver: string;
  readonly protocol: Protocol;
  /** Of a unix socket its path, with port 0. */
  readonly host: string;
  readonly port: number;
  /** The whole of it, as people read it. */
  readonly text: string;
}

/** A running gateway. */
export interface Gateway {
  readonly addresses: readonly Address[];
  readonly admission: Pick<Admission, "credits" | "ceiling" | "inUse">;
  /** Accepted and refused items per receiver, signal and tenant since this instance's first start. */
  totals(): readonly Total[];
  /**
   * Stops accepting, answers what has arrived, writes what lingers, and saves the totals. Resolves with the number of requests
   * that were still unanswered after `deadlineMs`; their clients will repeat them.
   */
  drain(deadlineMs: number): Promise<number>;
  /** Cuts connections and saves the totals. After `drain`, nothing is lost by it. */
  close(): Promise<void>;
}

/** Starts every listener. Rejects with a `startup` Fault naming the key when one cannot be bound, and then leaves nothing listening;
 * with `not_found` when a raw topic is missing. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { broker, clock, log, metrics, random } = options;
  const partitions = await partitionCounts(options);
  const totals = await openTotals(broker.state, options.instance, { clock, log });
  for (const total of totals.all()) count(metrics, total, total.accepted, total.refused, total.reasons);
  const { account, weightOf } = sharedAccount(options);
  metrics.watch(account);
  const batches = batcher(logAppend(broker, log, clock), clock, {
    ...BATCH_LIMITS,
    lingerMs: options.lingerMs,
    weightOf,
  });
  const deep = new Set(otlpReceivers(options).flatMap(({ id, values }) => (values.validate === "full" ? [id] : [])));
  const open = openRequests(clock);
  const thread = offLoop({ clock, log });
  const into = intake({
    thread,
    admission: account,
    batcher: batches,
    partitionsOf: (signal) => partitions[signal],
    clock,
    random,
    log,
    isDeep: (receiver) => deep.has(receiver),
    count(whose, accepted, refused, reasons) {
      totals.add(whose, accepted, refused, reasons);
      count(metrics, whose, accepted, refused, reasons);
    },
  });
  const authenticators = await openAuthenticators({
    extensions: options.extensions ?? [],
    clock,
    log,
    reloaded: (extension, outcome) => metrics.reloaded(extension, outcome),
  });
  const { listeners, close } = await startListeners(options, authenticators, { into, open, thread });
  const unguard = options.memory && memoryGuard(options.memory, account, clock);
  const closing = () => {
    unguard?.();
    return close();
  };
  return gateway({ listeners, close: closing }, { account, batches, open, totals, log });
}

/** The receivers that are ours. */
function otlpReceivers({ receivers }: GatewayOptions): readonly { id: string; values: OtlpReceiverValues }[] {
  return receivers.flatMap(({ id, type, values }) =>
    // The values of a component are those of its type's fields, and the type is compared here.
    type.type === otlpReceiver.type ? [{ id, values: values as OtlpReceiverValues }] : [],
  );
}

/** The account of all tenants, each under its limits. */
function sharedAccount({ creditsBytes, tenants, clock }: GatewayOptions) {
  const limitsOf = (tenant: string) => tenants?.overrides.get(tenant) ?? tenants?.limits ?? UNLIMITED;
  const weightOf = (tenant: string) => limitsOf(tenant).weight;
  return { account: admission(creditsBytes, clock, { weightOf, rates: tenantRates(limitsOf, clock) }), weightOf };
}

/** The partitions of every raw topic that some pipeline reads; a signal that none reads is never asked for. */
async function partitionCounts({ broker, pipelines }: GatewayOptions): Promise<Readonly<Record<Carried, number>>> {
  const counts: Record<Carried, number> = { traces: 1, metrics: 1, logs: 1, profiles: 1 };
  for (const signal of new Set(pipelines.map((pipeline) => pipeline.signal))) {
    counts[signal] = await broker.partitions(RAW_TOPICS[signal]);
  }
  return counts;
}

interface Listening {
  readonly listeners: readonly { readonly receiver: string; readonly listener: Listener }[];
  /** Cuts connections, and ends the watch over certificates, tokens and passwords. */
  close(): Promise<void>;
}

async function startListeners(
  options: GatewayOptions,
  authenticators: Authenticators,
  { into, open, thread }: { readonly into: Intake; readonly open: OpenRequests; readonly thread: OffLoop },
): Promise<Listening> {
  const { clock, log, metrics, collect = () => {} } = options;
  const dropped = shortLived(collect);
  const json = jsonConversion(thread);
  const listeners: { receiver: string; listener: Listener }[] = [];
  const guards: Guard[] = [];
  const close = async () => {
    for (const { close } of authenticators.values()) close();
    for (const { tls } of guards) tls?.close();
    await Promise.all([thread.close(), ...listeners.map(({ listener }) => listener.close())]);
  };
  try {
    for (const { id: receiver, values } of otlpReceivers(options)) {
      const signals = signalsOf(options.pipelines, receiver);
      if (signals.length === 0) continue;
      const kept = metadataKeptFor({ pipelines: options.pipelines, extensions: options.extensions ?? [] }, receiver);
      const refused = (reason: MetadataRefusal) => metrics.metadataRefused(receiver, reason);
      const keeper = kept.keys.length === 0 ? undefined : metadataKeeper(kept, { clock, refused });
      const around = async (protocol: Protocol, configured: GrpcValues | HttpValues): Promise<ListenerOptions> => {
        const key = `receivers::${receiver}::protocols::${protocol}`;
        const guard = await openGuard(configured, {
          ...{ key, authenticators, clock, log },
          reloaded: (outcome) => metrics.reloaded(receiver, outcome),
          handshakeFailed: () => metrics.handshakeFailed(receiver, protocol),
        });
        guards.push(guard);
        return {
          ...guard,
          receiver,
          key: `${key}::endpoint`,
          endpoint: options.listen?.(receiver, protocol) ?? configured.endpoint,
          signals,
          metadata: configured.include_metadata ? keeper : undefined,
          intake: into,
          json,
          pending: open.during,
          clock,
          log,
          dropped,
          answered: (outcome: Outcome, seconds: number) => metrics.answered(receiver, protocol, outcome, seconds),
        };
      };
      const { grpc, http } = values.protocols;
      if (grpc !== null && http !== null && isShared(values.protocols)) {
        // One certificate is watched once.
        const inside = { values: grpc, options: await around("grpc", { ...grpc, tls: null }) };
        const both = await startOnePort(inside, { values: http, options: await around("http", http) });
        listeners.push(...both.map((listener) => ({ receiver, listener })));
        continue;
      }
      if (grpc !== null) listeners.push({ receiver, listener: await startGrpc(grpc, await around("grpc", grpc)) });
      if (http !== null) listeners.push({ receiver, listener: await startHttp(http, await around("http", http)) });
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { listeners, close };
}

/** The signals of the pipelines that name a receiver; none means that it is not started, as in the Collector. */
function signalsOf(pipelines: Graph["pipelines"], receiver: string): readonly Carried[] {
  const used = new Set(pipelines.filter(({ receivers }) => receivers.includes(receiver)).map(({ signal }) => signal));
  return CARRIED.filter((signal) => used.has(signal));
}

interface Inside {
  readonly account: Admission;
  readonly batches: Batcher;
  readonly open: OpenRequests;
  readonly totals: Totals;
  readonly log: Log;
}

function gateway({ listeners, close }: Listening, { account, batches, open, totals, log }: Inside): Gateway {
  return {
    addresses: listeners.map(({ receiver, listener: { protocol, host, port } }) => ({
      receiver,
      protocol,
      host,
      port,
      text: endpointText(port === 0 ? { path: host } : { host, port }),
    })),
    admission: account,
    totals: totals.all,
    async drain(deadlineMs) {
      for (const { listener } of listeners) listener.stop();
      batches.hurry();
      const left = await open.none(deadlineMs);
      // The counts of the last second are worth less than letting the log settle; close tries once more.
      await totals.save().catch((thrown: unknown) => {
        log.warn("the gateway's counts of the last second could not be saved", { fault: Fault.from(thrown) });
      });
      return left;
    },
    async close() {
      await close();
      await totals.save();
    },
  };
}

function count(
  metrics: GatewayMetrics,
  whose: Account,
  accepted: number,
  refused: number,
  reasons: Reasons = {},
): void {
  if (accepted > 0) metrics.accepted(whose, accepted);
  let unnamed = refused;
  for (const [reason, items] of Object.entries(reasons)) {
    metrics.refused(whose, items, reason);
    unnamed -= items;
  }
  // What was counted before reasons were kept.
  if (unnamed > 0) metrics.refused(whose, unnamed, "");
}

/** Counts the requests between their last byte and their answer, so that a drain can wait for them. */
interface OpenRequests {
  /** Counts one until `work` settles, and is then what it is. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Resolves with 0 when none is open, or after `deadlineMs` with how many are. */
  none(deadlineMs: number): Promise<number>;
}

function openRequests(clock: Clock): OpenRequests {
  let open = 0;
  let emptied: (() => void) | undefined;
  return {
    async during(work) {
      open += 1;
      try {
        return await work;
      } finally {
        open -= 1;
        if (open === 0) emptied?.();
      }
    },
    none(deadlineMs) {
      return new Promise((resolve) => {
        const end = () => {
          cancel();
          emptied = undefined;
          resolve(open);
        };
        const cancel = clock.after(deadlineMs, end);
        emptied = end;
        if (open === 0) end();
      });
    },
  };
}
