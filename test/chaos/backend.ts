/** Backends that write down every item before they answer, and answer late, not yet, or not at all when the seed says so. */
import { setTimeout as pause } from "node:timers/promises";
import type { Signal } from "@rondo/otlp";
import { type OtlpServer, type Reply, serveGrpc, serveHttp } from "../rig/otlp-server.ts";
import { between } from "../rig/random.ts";
import { startTcpProxy, type TcpProxy } from "../rig/tcp-proxy.ts";
import { type Identified, identify, ledgerLine } from "./identity.ts";
import { type Ledger, openLedger } from "./ledger.ts";

/** How a backend treats every request. */
export interface Mood {
  readonly reply: Reply;
  /** Whether the items are taken, whatever is answered then; `never`: they are refused for good. */
  readonly takes: "always" | "not now" | "never";
  /** Between taking them and the answer, milliseconds. */
  readonly afterMs?: number;
}

/** A backend of one exporter. */
export interface Backend {
  /** Where it is sent to: a proxy before it. */
  readonly port: number;
  readonly road: TcpProxy;
  /** What was delivered, and what was refused for good. */
  readonly ledger: Ledger;
  readonly refusals: Ledger;
  /** Items written down so far, repeated ones included. */
  readonly items: number;
  /** How often it misbehaved. */
  readonly faults: Readonly<Record<"late" | "later" | "silence", number>>;
  /** Treats requests like this from now on; `moody`, as in the beginning, now and then as the seed says; `calm`: takes them all. */
  treat(mood: Mood | "moody" | "calm"): void;
  close(): Promise<void>;
}

/** Hears of every request whose items are written down. */
export type OnItems = (signal: Signal, items: readonly Identified[]) => void;

/** The mood of one request when nothing else was said. */
function anyMood(random: () => number): Mood {
  const chance = random();
  if (chance < 0.06) return { reply: "later", takes: "not now" };
  // The items are taken; only the answer is lost. They come again, and must be counted as such.
  if (chance < 0.09) return { reply: "silence", takes: "always" };
  return { reply: "accepted", takes: "always", ...(chance < 0.2 && { afterMs: between(random, 5, 150) }) };
}

const CALM: Mood = { reply: "accepted", takes: "always" };

/** Starts a backend on a free port. `random` decides how each request is treated. */
export async function startBackend(
  transport: "grpc" | "http",
  path: string,
  random: () => number,
  heard: OnItems = () => undefined,
): Promise<Backend> {
  const [ledger, refusals] = [openLedger(path), openLedger(`${path}.refused`)];
  const faults = { late: 0, later: 0, silence: 0 };
  let items = 0;
  let treated: Mood | "moody" | "calm" = "moody";
  const serve = transport === "grpc" ? serveGrpc : serveHttp;
  const server: OtlpServer = await serve(0, async (signal, body): Promise<Reply> => {
    const own = anyMood(random);
    const mood = treated === "moody" ? own : treated === "calm" ? CALM : treated;
    const { reply, takes, afterMs = 0 } = mood;
    if (reply === "later" || reply === "silence") faults[reply]++;
    if (takes === "not now") return reply;
    const found = identify(signal, body, true);
    const lines = found.map((one) => ledgerLine(signal, one));
    if (takes === "never") {
      await refusals.append(lines);
      return reply;
    }
    heard(signal, found);
    await ledger.append(lines);
    items += found.length;
    if (afterMs > 0) {
      faults.late++;
      await pause(afterMs);
    }
    return reply;
  });
  const road = await startTcpProxy({ target: server.port });
  return {
    port: road.port,
    road,
    ledger,
    refusals,
    faults,
    get items() {
      return items;
    },
    treat(mood) {
      treated = mood;
    },
    async close() {
      await road.close();
      await server.close();
      ledger.close();
      refusals.close();
    },
  };
}
