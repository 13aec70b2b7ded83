/** Asks a sink that runs elsewhere what it received, and tells it how to behave. The other end of status.ts. */
import { Fault } from "@rondo/core";
import type { Signal } from "@rondo/otlp";
import type { Behaviour } from "./behaviour.ts";
import type { Held } from "./holdings.ts";
import type { SinkStatus } from "./status.ts";

/** A sink's status API. Every call throws a Fault `unavailable` when the sink does not answer, `rejected` when it says no. */
export interface SinkClient {
  status(): Promise<SinkStatus>;
  /** The ids that one listener holds, in order of first arrival. */
  ids(listener: string, signal: Signal): Promise<Held[]>;
  /** Forgets what arrived, at one listener or at all. */
  reset(listener?: string): Promise<void>;
  /** Switches one listener or all; resolves when the switch is done. */
  behave(behaviour: Behaviour, listener?: string): Promise<void>;
}

/** A client of the status API at `http://HOST:PORT`. `abort` ends every call under way. */
export function sinkClient(url: string, abort: AbortSignal): SinkClient {
  const ask = async (
    method: "GET" | "POST",
    path: string,
    query: Record<string, string | undefined>,
    body?: unknown,
  ) => {
    const target = new URL(path, url);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) target.searchParams.set(key, value);
    const init = { method, signal: abort, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(target, init).catch((thrown: unknown) => {
      throw new Fault("unavailable", `the sink at ${url} does not answer; is it running?`, { cause: thrown });
    });
    const text = await response.text();
    if (!response.ok) throw new Fault("rejected", `the sink at ${url} answered ${response.status}: ${text.trim()}`);
    return JSON.parse(text);
  };
  // The answers are typed by the module that writes them: sink and client are always of one build.
  return {
    status: async () => (await ask("GET", "/", {})) as SinkStatus,
    ids: async (listener, signal) => (await ask("GET", "/ids", { listener, signal })).ids as Held[],
    reset: async (listener) => void (await ask("POST", "/reset", { listener })),
    behave: async (behaviour, listener) => void (await ask("POST", "/behaviour", { listener }, behaviour)),
  };
}
