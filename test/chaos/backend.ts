/** Backends that write down every item before they answer, and answer late, not yet, or not at all when the seed says so. */
import { setTimeout as pause } from "node:timers/promises";
import type { Signal } from "@rondo/otlp";
import { type OtlpServer, type Reply, serveGrpc, serveHttp } from "../rig/otlp-server.ts";
import { between } from "../rig/random.ts";
import { type Identified, identify, ledgerLine } from "./identity.ts";
import { type Ledger, openLedger } from "./ledger.ts";

/** A backend of one exporter. */
export interface Backend {
  readonly port: number;
  readonly ledger: Ledger;
  /** Items written down so far, repeated ones included. */
  readonly items: number;
  /** How often it misbehaved. */
  readonly faults: Readonly<Record<"late" | "later" | "silence", number>>;
  close(): Promise<void>;
}

/** Hears of every request whose items are written down. */
export type OnItems = (signal: Signal, items: readonly Identified[]) => void;

/** Starts a backend on a free port. `random` decides how each request is treated. */
export async function startBackend(
  transport: "grpc" | "http",
  path: string,
  random: () => number,
  heard: OnItems = () => undefined,
): Promise<Backend> {
  const ledger = openLedger(path);
  const faults = { late: 0, later: 0, silence: 0 };
  let items = 0;
  const serve = transport === "grpc" ? serveGrpc : serveHttp;
  const server: OtlpServer = await serve(0, async (signal, body): Promise<Reply> => {
    const chance = random();
    if (chance < 0.06) {
      faults.later++;
      return "later";
    }
    const found = identify(signal, body, true);
    heard(signal, found);
    await ledger.append(found.map((one) => ledgerLine(signal, one)));
    items += found.length;
    // The items are taken; only the answer is lost. They come again, and must be counted as such.
    if (chance < 0.09) {
      faults.silence++;
      return "silence";
    }
    if (chance < 0.2) {
      faults.late++;
      await pause(between(random, 5, 150));
    }
    return "accepted";
  });
  return {
    port: server.port,
    ledger,
    faults,
    get items() {
      return items;
    },
    async close() {
      await server.close();
      ledger.close();
    },
  };
}
