/**
 * What taking a gRPC request costs: the gateway alone, its log replaced by a counter, beside servers that read the same bodies and
 * discard them. `node --conditions=source test/bench/grpc.ts [--size 100] [--before FOLDER] [--profile FOLDER] [--gzip]`; `--before` adds the
 * gateway of another checkout. Server on core 0, load on core 1, rounds in turns; prints CPU time per request of all threads.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { NODE_FLAGS } from "../rig/gateway-process.ts";
import { grpcClient } from "../rig/otlp-client.ts";
import { buildCorpus } from "./peer/corpus.ts";
import { cpuSeconds } from "./peer/process-figures.ts";

const { values: flags } = parseArgs({
  options: {
    before: { type: "string" },
    profile: { type: "string" },
    gzip: { type: "boolean", default: false },
    size: { type: "string", multiple: true, default: ["10", "100", "1000"] },
    rounds: { type: "string", default: "5" },
  },
});

const ARMS = ["rondo", ...(flags.before === undefined ? [] : ["before"]), "grpc-js", "http2"] as const;

/** Requests of a round by their size; a round takes a server up to a second of CPU. */
const requestsOf = (size: number) => Math.round(30_000 / Math.sqrt(size));
const WARM_SHARE = 0.5;
/** Enough to keep a server busy: a gateway lets a small record wait 10 ms for company. Node's client holds no 10 MB of large ones. */
const inFlightOf = (size: number) => (size < 1000 ? 64 : 8);
const ROUNDS = Number(flags.rounds);

interface Subject {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
}

async function start(arm: (typeof ARMS)[number]): Promise<Subject> {
  const profile = flags.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${flags.profile}/${arm}`];
  const server = new URL("grpc-subject.ts", import.meta.url).pathname;
  const kind = arm === "before" ? ["rondo", flags.before ?? ""] : [arm];
  const node = [process.execPath, ...NODE_FLAGS, ...profile, "--conditions=source", server, ...kind];
  const child = spawn("taskset", ["-c", "0", ...node], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [port] = await once(child, "message");
  return { child, pid: child.pid ?? 0, port: Number(port) };
}

/** CPU microseconds of the server for each of `count` requests. */
async function run(
  { pid, port }: Subject,
  bodies: readonly Buffer[],
  count: number,
  inFlight: number,
): Promise<number> {
  const client = grpcClient({ port, timeoutMs: 30_000, gzip: flags.gzip });
  let next = 0;
  const before = cpuSeconds(pid);
  const lane = async () => {
    while (next < count) {
      const answer = await client.send("traces", bodies[next++ % bodies.length] ?? Buffer.alloc(0));
      if (answer.kind !== "accepted") throw new Error(`a request was not accepted: ${JSON.stringify(answer)}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const micros = ((cpuSeconds(pid) - before) * 1e6) / count;
  client.close();
  return micros;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

const spread = (values: readonly number[], digits: number) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;

for (const size of flags.size.map(Number)) {
  const count = requestsOf(size);
  const inFlight = inFlightOf(size);
  const bodies = buildCorpus("traces", size, 1).templates.map(({ body }) => body);
  const subjects = await Promise.all(ARMS.map(start));
  const micros = ARMS.map((): number[] => []);
  for (const subject of subjects) await run(subject, bodies, count * WARM_SHARE, inFlight);
  for (let round = 0; round < ROUNDS; round++) {
    const order = ARMS.map((_, i) => i);
    for (const i of round % 2 === 0 ? order : order.reverse()) {
      const subject = subjects[i];
      if (subject !== undefined) micros[i]?.push(await run(subject, bodies, count, inFlight));
    }
  }
  console.log(`${size} spans, ${bodies[0]?.length} B${flags.gzip ? ", gzip" : ""}`);
  const bare = micros[ARMS.indexOf("grpc-js")] ?? [];
  for (const [i, arm] of ARMS.entries()) {
    const own = micros[i] ?? [];
    const ratios = own.map((value, round) => value / (bare[round] ?? Number.NaN));
    console.log(`  ${arm.padEnd(8)} ${spread(own, 0)} µs a request, ${spread(ratios, 2)} of grpc-js`);
  }
  for (const { child } of subjects) {
    child.send("end");
    await once(child, "exit");
  }
}
