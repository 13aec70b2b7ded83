/** One request's way through a sink: behave, decode, write to the ledger, keep, answer. Both protocols share it. */
import { type Clock, Fault, sleep } from "@rondo/core";
import type { Signal } from "@rondo/otlp";
import type { BehaviourSwitch } from "./behaviour.ts";
import type { Holdings } from "./holdings.ts";
import { type IdentityOptions, identitiesOf } from "./identity.ts";
import type { Ledger } from "./ledger.ts";
import { decodeBody, type Encoding } from "./request.ts";

/** A request that was read whole and decompressed. */
export interface Arrival {
  readonly via: "grpc" | "http";
  readonly signal: Signal;
  readonly encoding: Encoding;
  readonly body: Buffer;
}

/** What the client is to see. */
export type Answer =
  | { readonly kind: "accepted" }
  /** An HTTP status of 400 or more; gRPC maps it. */
  | { readonly kind: "refused"; readonly status: number; readonly message: string; readonly retryAfterMs?: number }
  /** The connection ends without an answer. */
  | { readonly kind: "cut" }
  /** Nothing ever comes. */
  | { readonly kind: "silent" };

/** Takes a request and says what to answer. Never rejects. */
export type Receive = (arrival: Arrival) => Promise<Answer>;

/** What surrounds the receiving of one listener. */
export interface ReceiveAround {
  readonly listener: string;
  readonly behaviour: BehaviourSwitch;
  readonly holdings: Holdings;
  readonly ledger: Ledger | undefined;
  readonly identity: IdentityOptions;
  readonly clock: Clock;
  readonly abort: AbortSignal;
  /** Hears of requests that could not be read or kept, in one line. */
  readonly problem: (line: string) => void;
}

/** The Receive of one listener. */
export function receiver(around: ReceiveAround): Receive {
  const { listener, behaviour, holdings, ledger, clock } = around;
  return async ({ via, signal, encoding, body }) => {
    const now = behaviour.current;
    if (now.mode === "hang") return { kind: "silent" };
    if (now.mode === "refuse") return { kind: "cut" };
    if (now.mode === "status") {
      const message = `this sink was told to answer ${now.status}`;
      return refused(now.status ?? 500, message, now.retryAfterMs);
    }
    // Decoded before it is answered: a sink that accepts what no backend could read would hide the mistake.
    const items = attempt(() => identitiesOf(signal, decodeBody(signal, encoding, body), around.identity));
    if (items instanceof Fault) {
      around.problem(`${listener}: not a ${signal} request in ${encoding} over ${via}: ${items.message}`);
      return refused(400, items.message);
    }
    try {
      const ids = items.map(({ id }) => id);
      await ledger?.append({
        at: clock.now(),
        listener,
        via,
        signal,
        ids,
        contents: items.map(({ content }) => content),
      });
    } catch (thrown) {
      const { message } = Fault.from(thrown);
      around.problem(`${listener}: ${message}`);
      return refused(503, message);
    }
    holdings.add(signal, items);
    if (now.mode === "slow") await sleep(clock, now.ms ?? 0, around.abort);
    return now.mode === "lose" ? { kind: "cut" } : { kind: "accepted" };
  };
}

function refused(status: number, message: string, retryAfterMs?: number): Answer {
  return { kind: "refused", status, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** A decoder throws whatever it likes at bytes that are not its own; all of it is the client's mistake. */
function attempt<T>(run: () => T): T | Fault {
  try {
    return run();
  } catch (thrown) {
    return Fault.from(thrown, "invalid");
  }
}
