/** Starts a gateway alone in a process of its own (gateway-child.ts), holds its log, and asks what it costs. */
import { type ChildProcess, fork } from "node:child_process";
import type { Address } from "@rondo/gateway";

const CHILD = new URL("gateway-child.ts", import.meta.url).pathname;

/** The flags of Node that the `rondo` command sets: packages/cli/bin/rondo. */
export const NODE_FLAGS = [
  "--external-memory-accounted-in-global-limit",
  "--external-memory-max-growing-factor=4",
  "--max-semi-space-size=8",
  "--expose-gc",
];

/** What the process runs. */
export interface GatewayProcessOptions {
  /** A configuration; its receivers listen where it says. */
  readonly yaml: string;
  /** Where its embedded log is. */
  readonly data: string;
  readonly limitMib: number;
  /** `counter` acknowledges at once and keeps nothing. */
  readonly log: "embedded" | "counter";
}

/** What it says of itself, since it was last asked. */
export interface GatewayFigures {
  /** The 99th percentile of how late the event loop was, milliseconds. */
  readonly loopP99Ms: number;
  /** The share of the time in which the main thread was ready to run and had no core: the load of others. */
  readonly waitedShare: number;
  /** The most anonymous memory. */
  readonly peakMib: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly inUseMib: number;
  /** What may be in use at present. */
  readonly creditsMib: number;
}

/** What the parent says. */
export type Order = "hold" | "release" | "figures" | "end";

/** What the child says. */
export type Report =
  | { readonly kind: "ready"; readonly addresses: readonly Address[] }
  | { readonly kind: "figures"; readonly figures: GatewayFigures };

/** A running gateway. */
export interface GatewayProcess {
  readonly pid: number;
  /** The port of a receiver's protocol. */
  port(protocol: Address["protocol"], receiver?: string): number;
  /** From now on no append ends, until `release`. */
  hold(): void;
  release(): void;
  figures(): Promise<GatewayFigures>;
  /** Drains and ends it. */
  end(): Promise<void>;
}

/** No process outlives an orderly end of ours. */
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** Starts it; `node` is what runs before the file, such as a profiler's flags. Rejects when it ends instead. */
export async function startGatewayProcess(
  options: GatewayProcessOptions,
  node: readonly string[] = [],
): Promise<GatewayProcess> {
  const child = fork(CHILD, [JSON.stringify(options)], {
    execArgv: ["--conditions=source", ...NODE_FLAGS, "--disable-warning=ExperimentalWarning", ...node],
    // As bin/rondo sets it.
    env: { ...process.env, MALLOC_MMAP_THRESHOLD_: "262144", MALLOC_TRIM_THRESHOLD_: "8388608" },
  });
  alive.add(child);
  const gone = new Promise<never>((_, reject) =>
    child.once("exit", (code, signal) => {
      alive.delete(child);
      reject(new Error(`the gateway ended: ${code ?? signal}`));
    }),
  );
  gone.catch(() => {});
  const heard = <K extends Report["kind"]>(kind: K) =>
    new Promise<Extract<Report, { kind: K }>>((resolve) => {
      const take = (report: Report) => {
        if (report.kind !== kind) return;
        child.off("message", take);
        // Its kind was just compared.
        resolve(report as Extract<Report, { kind: K }>);
      };
      child.on("message", take);
    });
  const order = (order: Order) => void child.send(order);
  const { addresses } = await Promise.race([heard("ready"), gone]);
  return {
    pid: child.pid ?? 0,
    port: (protocol, receiver = "otlp") =>
      addresses.find((one) => one.protocol === protocol && one.receiver === receiver)?.port ?? 0,
    hold: () => order("hold"),
    release: () => order("release"),
    async figures() {
      const answer = heard("figures");
      order("figures");
      return (await Promise.race([answer, gone])).figures;
    },
    async end() {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      order("end");
      await ended;
    },
  };
}
