/**
 * What a gateway costs by itself: CPU a request of a gateway whose log acknowledges at once and keeps nothing, beside a bare
 * `node:http` server that reads and discards the same bodies, in turns of the same run. Ends with 1 when a bar is missed.
 * `node --conditions=source test/bench/gateway.ts`; `PROFILE=folder` writes CPU profiles of the gateways there.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type GatewayProcess, startGatewayProcess } from "../rig/gateway-process.ts";
import { HTTP_PATHS } from "../rig/otlp-transport.ts";
import { buildCorpus } from "./peer/corpus.ts";
import { cpuOfStat, statOf } from "./peer/process-figures.ts";

/** So many that no record waits for company: a linger is idleness, and costs another amount each time. */
const CONNECTIONS = 64;
const WARM_MS = 3_000;
const TURN_MS = 2_000;
/** Of each process. */
const TURNS = 3;
/**
 * How many processes of a kind are measured one after the other where there is a bar: what a bare server costs differs by a half from one
 * process to the next, since it leaves what it has read to the collector.
 */
const ROUNDS = 5;

interface Row {
  readonly name: string;
  /** Further keys of the receiver and sections, in YAML. */
  readonly protocol?: string;
  readonly receiver?: string;
  readonly sections?: string;
  readonly extensions?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly gzip?: boolean;
  /** How many times the bare server's CPU a request may cost, by spans a request. */
  readonly bars?: Readonly<Record<number, number>>;
}

const TOKEN = { authorization: "Bearer token-of-site-a" };
const ROWS: readonly Row[] = [
  { name: "validate: structure", bars: { 100: 1.6, 1000: 1.4 } },
  {
    name: "and a token",
    protocol: ", auth: {authenticator: bearertokenauth}",
    sections: "extensions:\n  bearertokenauth: {tenants: {site-a: {token: token-of-site-a}}}",
    extensions: "extensions: [bearertokenauth], ",
    headers: TOKEN,
  },
  { name: "and tenant limits", sections: "tenants: {limits: {items_per_second: 100000000, bytes_per_second: 100GiB}}" },
  { name: "and gzip", gzip: true },
  { name: "validate: full", receiver: ", validate: full" },
];

const yamlOf = ({ protocol = "", receiver = "", sections = "", extensions = "" }: Row) => `${sections}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"${protocol}}}${receiver}}
exporters: {debug: {}}
service: {${extensions}pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
`;

/** A bare server: reads, discards, answers an empty body. */
const BARE = `
import { createServer } from "node:http";
const server = createServer((request, response) => {
  request.on("data", () => {});
  request.on("end", () => response.writeHead(200, { "Content-Type": "application/x-protobuf", "Content-Length": 0 }).end());
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("disconnect", () => process.exit(0));
`;

/** Requests of one size, by spans a request. */
type Bodies = ReadonlyMap<number, readonly Buffer[]>;

interface Target {
  readonly port: number;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: Bodies;
  end(): Promise<void>;
}

/** Requests over kept-alive connections, each waiting for its answer, for so long; how many were answered 200. */
async function load({ port, headers }: Target, bodies: readonly Buffer[], forMs: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = performance.now() + forMs;
  let [next, answered] = [0, 0];
  const one = (body: Buffer) =>
    new Promise<void>((resolve, reject) => {
      const options = { agent, port, host: "127.0.0.1", path: HTTP_PATHS.traces, method: "POST" };
      const call = request(
        {
          ...options,
          headers: { "content-type": "application/x-protobuf", "content-length": body.length, ...headers },
        },
        (reply) => {
          if (reply.statusCode !== 200) return reject(new Error(`answered ${reply.statusCode}`));
          reply.resume();
          reply.on("end", resolve);
        },
      );
      call.on("error", reject);
      call.end(body);
    });
  const connection = async () => {
    for (; performance.now() < end; answered++) await one(bodies[next++ % bodies.length] ?? Buffer.alloc(0));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
  return answered;
}

async function startBare(bodies: Bodies): Promise<Target> {
  const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "--eval", BARE], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const port = await new Promise<number>((resolve) => child.once("message", (told) => resolve(Number(told))));
  const end = async () => child.disconnect();
  return { port, pid: child.pid ?? 0, headers: {}, bodies, end };
}

async function startGateway(row: Row, data: string, bodies: Bodies): Promise<Target> {
  const profile = process.env["PROFILE"];
  const flags = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  const options = { yaml: yamlOf(row), data, limitMib: 1000, log: "counter" } as const;
  const gateway: GatewayProcess = await startGatewayProcess(options, flags);
  const { gzip = false, headers = {} } = row;
  return {
    port: gateway.port("http"),
    pid: gateway.pid,
    headers: { ...headers, ...(gzip && { "content-encoding": "gzip" }) },
    bodies: gzip
      ? new Map([...bodies].map(([spans, some]) => [spans, some.map((body) => gzipSync(body, { level: 1 }))]))
      : bodies,
    end: gateway.end,
  };
}

const cpuOf = (pid: number) => cpuOfStat(statOf(pid) ?? ") ");

async function turn(target: Target, spans: number, forMs: number): Promise<number> {
  const bodies = target.bodies.get(spans) ?? [];
  const before = cpuOf(target.pid);
  const answered = await load(target, bodies, forMs);
  return ((cpuOf(target.pid) - before) / answered) * 1e6;
}

/** The middle one, which a turn beside somebody else's load does not move. */
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const folder = mkdtempSync(join(tmpdir(), "rondo-bench-"));
const bodies: Bodies = new Map(
  [100, 1000].map((spans) => [spans, buildCorpus("traces", spans, 1).templates.map(({ body }) => body)]),
);
/** CPU microseconds a request of every turn, by row, the bare server's under undefined, and by spans a request. */
const measured = new Map<Row | undefined, Map<number, number[]>>();

/** Measures one process of each kind, turn by turn. */
async function round(rows: readonly Row[], data: string): Promise<void> {
  const targets: readonly (readonly [Row | undefined, Target])[] = [
    [undefined, await startBare(bodies)],
    ...(await Promise.all(
      rows.map(async (row, index) => [row, await startGateway(row, join(data, `${index}`), bodies)] as const),
    )),
  ];
  for (const spans of bodies.keys()) {
    for (const [, target] of targets) await turn(target, spans, WARM_MS);
    for (let index = 0; index < TURNS; index++) {
      for (const [row, target] of targets) {
        const bySpans = measured.get(row) ?? new Map<number, number[]>();
        measured.set(row, bySpans);
        bySpans.set(spans, [...(bySpans.get(spans) ?? []), await turn(target, spans, TURN_MS)]);
      }
    }
  }
  for (const [, target] of targets) await target.end();
}

for (let index = 0; index < ROUNDS; index++) {
  await round(index === 0 ? ROWS : ROWS.filter(({ bars }) => bars !== undefined), join(folder, `${index}`));
}
let missed = 0;
console.log("| | 100 spans a request, µs | × bare | 1000, µs | × bare |\n|---|---|---|---|---|");
for (const [row, bySpans] of measured) {
  const cells = [...bodies.keys()].flatMap((spans) => {
    const all = bySpans.get(spans) ?? [];
    const micros = median(all);
    const times = micros / median(measured.get(undefined)?.get(spans) ?? []);
    const bar = row?.bars?.[spans];
    if (bar !== undefined && times > bar) missed += 1;
    const range = `${micros.toFixed(0)} (${Math.min(...all).toFixed(0)}–${Math.max(...all).toFixed(0)})`;
    return [range, bar === undefined ? times.toFixed(2) : `${times.toFixed(2)} (bar ${bar})`];
  });
  console.log(`| ${[row?.name ?? "bare node:http", ...cells].join(" | ")} |`);
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = missed > 0 ? 1 : 0;
