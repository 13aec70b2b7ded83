/**
 * A tenant without manners, in a thread of its own so that it takes nobody else's time: it sends one request at a steady rate,
 * whatever it is answered. Started by noisy-tenant.test.ts; needs nothing but Node.
 */
import { Agent, request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

/** What it is told. */
export interface NoisyOptions {
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly body: Uint8Array;
  /** Requests. */
  readonly perSecond: number;
}

/** What it was answered. */
export interface NoisyReport {
  readonly accepted: number;
  readonly refused: number;
  /** Refusals without Retry-After. */
  readonly undelayed: number;
  /** The statuses of refusals; 0 is no answer. */
  readonly statuses: readonly number[];
}

const TICK_MS = 10;

// The test passes the type that it names.
const { port, path, token, body, perSecond } = workerData as NoisyOptions;
const agent = new Agent({ keepAlive: true, maxSockets: 500 });
let [accepted, refused, undelayed, open, over] = [0, 0, 0, 0, false];
const statuses = new Set<number>();
const headers = {
  "content-type": "application/x-protobuf",
  "content-length": body.length,
  authorization: `Bearer ${token}`,
};

function end(status: number, isDelayed: boolean): void {
  open -= 1;
  if (status === 200) accepted += 1;
  else {
    refused += 1;
    if (!isDelayed) undelayed += 1;
    statuses.add(status);
  }
  if (over && open === 0) report();
}

function report(): void {
  agent.destroy();
  parentPort?.postMessage({ accepted, refused, undelayed, statuses: [...statuses] } satisfies NoisyReport);
  parentPort?.close();
}

function send(): void {
  open += 1;
  const call = request({ agent, host: "127.0.0.1", port, path, method: "POST", headers }, (reply) => {
    reply.resume();
    reply.on("end", () => end(reply.statusCode ?? 0, Number(reply.headers["retry-after"]) > 0));
  });
  call.on("error", () => end(0, false));
  call.end(body);
}

let sent = 0;
const began = performance.now();
const ticking = setInterval(() => {
  const due = ((performance.now() - began) / 1_000) * perSecond;
  for (; sent < due; sent++) send();
}, TICK_MS);
parentPort?.once("message", () => {
  clearInterval(ticking);
  over = true;
  if (open === 0) report();
});
