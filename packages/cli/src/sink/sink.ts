/**
 * A destination for dry runs and tests: it speaks OTLP over gRPC and HTTP, keeps the ids of what arrives, and tells them
 * to whoever asks. Each exporter gets a listener of its own, so that one sink can tell them apart.
 */
import { type Clock, Fault } from "@rondo/core";
import type { Address } from "../address.ts";
import { type Behaviour, BehaviourSwitch, OK } from "./behaviour.ts";
import { grpcServer } from "./grpc.ts";
import { Holdings } from "./holdings.ts";
import { httpServer } from "./http.ts";
import { Ledger } from "./ledger.ts";
import { Listening, showAddress } from "./listening.ts";
import { receiver } from "./receive.ts";
import { statusServer } from "./status.ts";

/** One named listener: usually one exporter's destination. */
export interface ListenerOptions {
  /** Such as `otlp/tempo`. */
  readonly name: string;
  readonly grpc?: Address;
  readonly http?: Address;
}

/** What a sink is made of. */
export interface SinkOptions {
  readonly listeners: readonly ListenerOptions[];
  /** Where the status API listens; absent means that there is none. */
  readonly status?: Address;
  /** A file that gets one line a request before it is answered. */
  readonly ledger?: string;
  /** Attribute keys that identity leaves out, because a pipeline inserts them. */
  readonly ignore?: readonly string[];
  /** How every listener answers at first. */
  readonly answer?: Behaviour;
  /** Different ids kept per listener and signal. */
  readonly maxIds?: number;
  readonly clock: Clock;
  /** Hears, in one line each, of requests that could not be read or kept. */
  readonly problem?: (line: string) => void;
}

/** One listener of a running sink. */
export interface SinkListener {
  readonly name: string;
  /** `HOST:PORT`, with the port that the system chose. */
  readonly grpc?: string;
  /** `http://HOST:PORT`. */
  readonly http?: string;
  readonly holdings: Holdings;
  readonly behaviour: BehaviourSwitch;
}

/** A running sink. */
export interface Sink {
  readonly listeners: readonly SinkListener[];
  /** `http://HOST:PORT` of the status API. */
  readonly status?: string;
  /** The listener of that name. Throws a Fault `not_found` that names those there are. */
  listener(name: string): SinkListener;
  /** Frees the ports, cuts connections, and brings the ledger to the disk. */
  close(): Promise<void>;
}

/** Opens every port and resolves when all are open. Throws a Fault `startup` and closes what was open when one cannot be. */
export async function startSink(options: SinkOptions): Promise<Sink> {
  const stop = new AbortController();
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    stop.abort();
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const ledger = options.ledger === undefined ? undefined : await Ledger.open(options.ledger);
    if (ledger !== undefined) closers.push(() => ledger.close());
    const listeners: SinkListener[] = [];
    for (const one of options.listeners) {
      listeners.push(await openListener(one, options, ledger, stop.signal, closers));
    }
    const sink = { listeners, listener: (name: string) => named(listeners, name), close };
    if (options.status === undefined) return sink;
    const status = await Listening.open(statusServer(sink), options.status);
    closers.push(() => status.shut());
    return { ...sink, status: `http://${showAddress(status.address)}` };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function openListener(
  { name, grpc, http }: ListenerOptions,
  options: SinkOptions,
  ledger: Ledger | undefined,
  abort: AbortSignal,
  closers: (() => Promise<void>)[],
): Promise<SinkListener> {
  const { clock, problem = () => {} } = options;
  const holdings = new Holdings(options.maxIds);
  const open: Listening[] = [];
  const behaviour = new BehaviourSwitch(clock, async ({ mode }) => {
    for (const one of open) {
      if (mode === "refuse") await one.shut();
      else await one.reopen().catch((thrown: unknown) => problem(`${name}: ${Fault.from(thrown).message}`));
    }
  });
  const receive = receiver({
    ...{ listener: name, behaviour, holdings, ledger, clock, abort, problem },
    identity: { ignore: options.ignore ?? [] },
  });
  closers.push(async () => {
    behaviour.close();
    for (const one of open) await one.shut();
  });
  const bind = async (server: Parameters<typeof Listening.open>[0], address: Address) => {
    const listening = await Listening.open(server, address);
    open.push(listening);
    return showAddress(listening.address);
  };
  const listener = {
    ...{ name, holdings, behaviour },
    ...(grpc !== undefined && { grpc: await bind(grpcServer(receive), grpc) }),
    ...(http !== undefined && { http: `http://${await bind(httpServer(receive), http)}` }),
  };
  // Ports are known before a `refuse` from the command line closes them.
  await behaviour.set(options.answer ?? OK);
  return listener;
}

function named(listeners: readonly SinkListener[], name: string): SinkListener {
  const found = listeners.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new Fault("not_found", `no listener "${name}"; there are: ${listeners.map((one) => one.name).join(", ")}`);
}
