/** `rondo sink` in the place of the backends: a process of its own, with one listener for each exporter. */
import { type ChildProcess, spawn } from "node:child_process";
import { type SinkClient, sinkClient } from "@rondo/cli";
import { COMMAND } from "./run-rondo.ts";

/** What a listener speaks, and where. */
export interface SinkListener {
  /** The exporter that sends to it. */
  readonly name: string;
  readonly speaks: "grpc" | "http";
  readonly port: number;
}

/** A running sink. */
export interface SinkProcess {
  readonly client: SinkClient;
  /** SIGTERM; resolves to its exit code and what it printed. */
  stop(): Promise<{ readonly code: number; readonly out: string }>;
}

const START_MS = 20_000;

/** Starts a sink and waits until it has said its addresses. Rejects with what it said when it does not. */
export async function startSinkProcess(
  listeners: readonly SinkListener[],
  flags: readonly string[] = [],
): Promise<SinkProcess> {
  const addresses = listeners.flatMap(({ name, speaks, port }) => [`--${speaks}`, `${name}=127.0.0.1:${port}`]);
  const child = spawn(COMMAND, ["sink", ...addresses, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  const gone = new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
  const status = await statusAddress(child, said);
  const calls = new AbortController();
  return {
    client: sinkClient(status, calls.signal),
    async stop() {
      calls.abort();
      child.kill("SIGTERM");
      return { code: await gone, out: said.join("") };
    },
  };
}

function statusAddress(child: ChildProcess, said: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) => {
      child.kill("SIGKILL");
      reject(new Error(`rondo sink ${why}:\n${said.join("")}`));
    };
    const late = setTimeout(() => failed(`said no address within ${START_MS} ms`), START_MS);
    const hear = (chunk: Buffer) => {
      said.push(chunk.toString("utf8"));
      const address = /^status (\S+)$/m.exec(said.join(""))?.[1];
      if (address === undefined) return;
      clearTimeout(late);
      resolve(address);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.on("exit", (code) => {
      clearTimeout(late);
      failed(`ended with code ${code}`);
    });
  });
}
