/**
 * The whole road for one test: clients here, `rondo up` in its process, `rondo sink` in another, a debug exporter that captures.
 * Everything it starts and writes is gone at the end.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { compareIds, type Held, Holdings, identities, readCapture } from "@rondo/cli";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { onTestFinished } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { freePorts } from "../rig/free-port.ts";
import { grpcClient, httpClient, type OtlpClient } from "../rig/otlp-client.ts";
import { choosePorts, type Ports, prepareRondo, type RondoOptions, type RondoProcess } from "../rig/rondo-process.ts";
import { type SinkListener, type SinkProcess, startSinkProcess } from "./sink-process.ts";

/** The exporters of the road; the first two send to the sink, the last one captures. */
export const GRPC_EXPORTER = "otlp_grpc/tempo";
export const HTTP_EXPORTER = "otlp_http/loki";
export const DEBUG_EXPORTER = "debug";

/** The attribute that the road's processor inserts into every resource; identity leaves it out. */
export const INSERTED = "site";

/** A road under test. */
export interface Road {
  readonly folder: string;
  readonly ports: Ports;
  readonly rondo: RondoProcess;
  /** Starts the sink; `flags` are those of `rondo sink`. Throws when it runs. */
  startSink(...flags: readonly string[]): Promise<SinkProcess>;
  /** What every exporter holds now, by its own account. */
  held(exporter: string, signal: Signal): Promise<readonly Held[]>;
  /**
   * Waits until every exporter named holds what is expected, at most `withinMs`, and answers every difference in a sentence;
   * empty when all are equal. Without `repeats` an item that came twice is a difference.
   */
  differences(expected: Holdings, options?: DifferenceOptions): Promise<readonly string[]>;
}

/** How strictly a road is compared. */
export interface DifferenceOptions {
  readonly exporters?: readonly string[];
  readonly withinMs?: number;
  readonly repeats?: "allowed" | "forbidden";
  /** Items that may be there and need not: what was sent and not acknowledged. */
  readonly maybe?: Holdings;
}

/** Takes what is to be done when whatever a road was opened for has ended. */
export type AtTheEnd = (undo: () => Promise<void> | void) => void;

/** A folder that is removed when the test has ended. */
export function testFolder(atTheEnd: AtTheEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), "rondo-e2e-"));
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A configuration with all three signals over every exporter. Retries come quickly, so that a test need not wait for them. */
export function roadYaml(ports: Pick<Ports, "grpc" | "http">, sinks: readonly SinkListener[], capture: string): string {
  const retry = "retry_on_failure: {initial_interval: 100ms, max_interval: 1s}";
  // Port 9 is discard: nobody is there when a test needs no sink.
  const [grpc = 9, http = 9] = sinks.map(({ port }) => port);
  const pipeline = (signal: Signal) =>
    `    ${signal}: {receivers: [otlp], processors: [resource, batch], exporters: [${GRPC_EXPORTER}, ${HTTP_EXPORTER}, ${DEBUG_EXPORTER}]}`;
  return `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${ports.grpc}"}
      http: {endpoint: "127.0.0.1:${ports.http}"}
processors:
  resource: {attributes: [{key: ${INSERTED}, value: lab, action: insert}]}
  batch: {timeout: 20ms, send_batch_size: 256}
exporters:
  ${GRPC_EXPORTER}: {endpoint: "127.0.0.1:${grpc}", tls: {insecure: true}, timeout: 2s, ${retry}}
  ${HTTP_EXPORTER}: {endpoint: "http://127.0.0.1:${http}", timeout: 2s, ${retry}}
  ${DEBUG_EXPORTER}: {capture_file: ${JSON.stringify(capture)}}
service:
  pipelines:
${SIGNALS.map(pipeline).join("\n")}
`;
}

/** A road for all tests of a file: opened, with everything started, by `beforeAll`, and given up by `close` in `afterAll`. */
export async function runningRoad(options: RondoOptions = {}): Promise<Road & { close(): Promise<void> }> {
  const undos: (() => Promise<void> | void)[] = [];
  const road = await openRoad(options, (undo) => undos.push(undo));
  const close = async () => {
    for (const undo of undos.splice(0).reverse()) await undo();
  };
  await road.startSink();
  road.rondo.launch();
  await road.rondo.ready().catch(async (thrown: unknown) => {
    await close();
    throw thrown;
  });
  return { ...road, close };
}

/** Prepares a road; neither Rondo nor the sink is started. It is gone when the test has ended, unless told otherwise. */
export async function openRoad(options: RondoOptions = {}, atTheEnd: AtTheEnd = onTestFinished): Promise<Road> {
  const folder = testFolder(atTheEnd);
  const ports = await choosePorts();
  const [grpc = 0, http = 0] = await freePorts(2);
  const sinks: readonly SinkListener[] = [
    { name: GRPC_EXPORTER, speaks: "grpc", port: grpc },
    { name: HTTP_EXPORTER, speaks: "http", port: http },
  ];
  const capture = join(folder, "debug.ndjson");
  const rondo = prepareRondo(folder, ports, roadYaml(ports, sinks, capture), options);
  atTheEnd(() => rondo.kill().catch(() => undefined));
  let sink: SinkProcess | undefined;
  const captured = captureReader(capture);
  const held = async (exporter: string, signal: Signal) =>
    exporter === DEBUG_EXPORTER ? (await captured()).held(signal) : ((await sink?.client.ids(exporter, signal)) ?? []);
  return {
    folder,
    ports,
    rondo,
    held,
    async startSink(...flags) {
      const started = await startSinkProcess(sinks, ["--ignore", INSERTED, ...flags]);
      atTheEnd(async () => void (await started.stop()));
      sink = started;
      return started;
    },
    async differences(expected, compared = {}) {
      const { exporters = [GRPC_EXPORTER, HTTP_EXPORTER, DEBUG_EXPORTER], withinMs = 20_000 } = compared;
      const deadline = performance.now() + withinMs;
      for (;;) {
        const found: string[] = [];
        const late = performance.now() > deadline;
        // As long as there is time, one difference is enough to look again.
        for (const exporter of exporters)
          for (const signal of SIGNALS)
            if (found.length === 0 || late)
              found.push(...difference(exporter, signal, expected, await held(exporter, signal), compared));
        if (found.length === 0 || late) return found;
        await pause(100);
      }
    },
  };
}

/** Reads a capture as it is now; a file that has not grown is not decoded again. */
function captureReader(file: string): () => Promise<Holdings> {
  let size = 0;
  let known = new Holdings();
  return async () => {
    const now = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (now !== size) known = await readCapture(file, { ignore: [INSERTED] });
    size = now;
    return known;
  };
}

function difference(
  exporter: string,
  signal: Signal,
  expected: Holdings,
  received: readonly Held[],
  { repeats = "forbidden", maybe }: DifferenceOptions,
): readonly string[] {
  const wanted = new Set(expected.held(signal).map(({ id }) => id));
  const allowed = new Set(maybe?.held(signal).map(({ id }) => id));
  const counted = received.filter(({ id }) => wanted.has(id) || !allowed.has(id));
  const { missing, unexpected, duplicated, examples } = compareIds(expected.held(signal), counted);
  const extra = received.filter(({ id, count }) => !wanted.has(id) && allowed.has(id) && count > 1).length;
  const twice = repeats === "forbidden" ? duplicated + extra : 0;
  if (missing + unexpected + twice === 0) return [];
  return [
    `${exporter}, ${signal}: ${missing} missing, ${unexpected} unexpected, ${twice} repeated: ${examples.join("; ")}`,
  ];
}

/** What a client sent, and what of it was acknowledged. */
export interface Sent {
  readonly sent: Holdings;
  readonly acked: Holdings;
  /** Answers that were no yes, as sentences. */
  readonly refusals: string[];
}

/** An empty account of a client. */
export function nothingSent(): Sent {
  return { sent: new Holdings(), acked: new Holdings(), refusals: [] };
}

let runs = 0;

/** A number that no other run of clients in this test file has; their items are told apart by it. */
export function runOfClients(): number {
  return ++runs;
}

/**
 * Sends so many requests of twelve items, signals and transports in turn, and writes down what was sent and acknowledged. No two
 * requests carry the same item. `until` ends it early.
 */
export async function sendRequests(
  ports: Pick<Ports, "grpc" | "http">,
  count: number,
  into: Sent = nothingSent(),
  until: () => boolean = () => false,
): Promise<Sent> {
  const clients: readonly OtlpClient[] = [
    httpClient({ port: ports.http, timeoutMs: 10_000, gzip: true }),
    grpcClient({ port: ports.grpc, timeoutMs: 10_000 }),
  ];
  const run = runOfClients();
  for (let index = 0; index < count && !until(); index++) {
    const signal = SIGNALS[index % SIGNALS.length] ?? "traces";
    const body = buildRequest(signal, run, index * 12, 12, index % 5);
    const items = identities(signal, body);
    into.sent.add(signal, items);
    const answer = await clients[index % 2]?.send(signal, body);
    if (answer?.kind === "accepted") into.acked.add(signal, items);
    else into.refusals.push(`${answer?.kind === "refused" ? `${answer.status} ` : ""}${answer?.text}`);
  }
  for (const client of clients) client.close();
  return into;
}
