/** `rondo demo`: a recorded run through a user's configuration, with a sink in the place of its backends, before your eyes. */
import { mkdir, rm, truncate } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Graph } from "@rondo/config";
import { Fault, fired, type Log } from "@rondo/core";
import { ITEM_NAMES, SIGNALS } from "@rondo/otlp";
import { sumDrops } from "@rondo/worker";
import { looker } from "../demo/look.ts";
import { exportersOf, type StandIn, type StoodIn, speaksOtlp, startStandIn } from "../demo/stand-in.ts";
import { loadGraph, loadRun } from "../load.ts";
import { EXIT } from "../out.ts";
import { type Recording, readRecording } from "../replay/recording.ts";
import { defaultStart, type ReplayResult, replay } from "../replay/replay.ts";
import { expectedIdentities } from "../replay/timeline.ts";
import { type WholeRuntime, whole } from "../runtime.ts";
import { readCapture } from "../sink/capture.ts";
import { type Closing, closing, type Destination } from "../sink/compare.ts";
import { Holdings } from "../sink/holdings.ts";
import { type LiveView, liveView } from "../view/live-view.ts";
import type { Terminal } from "../view/terminal.ts";
import { speedFrom } from "./replay-recording.ts";
import { leftoverLines, type ProcessSurroundings, startConfigured } from "./up.ts";

/** The options as the command line gives them. */
export interface DemoOptions {
  readonly config?: string;
  readonly recording?: string;
  readonly speed: string;
  readonly data: string;
  readonly metricsAddress?: string;
  readonly healthAddress?: string;
  readonly instance?: string;
  readonly drainTimeout: number;
}

/** What the demo needs besides what every process has. */
export interface DemoSurroundings extends Omit<ProcessSurroundings, "log"> {
  /** Where someone watches, and would end it with Ctrl-C; undefined: it ends by itself. */
  readonly terminal: Terminal | undefined;
  /** The file that this process was started with, to start the sink from. */
  readonly main: string;
  /** Makes the log on the given writer of lines. */
  readonly logTo: (write: (line: string) => void) => Promise<Log>;
}

const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));
const CONFIG = join(REPOSITORY, "deploy/examples/otel-collector-config.yaml");
const RECORDING = join(REPOSITORY, "deploy/demo/recording.ndjson.gz");

/** How long the road may take to settle before and after the run, milliseconds. */
const SETTLE_MS = 60_000;

/**
 * Runs the demo. Returns 0 when every exporter received the ids of the recording (and, on a terminal, everything was
 * drained after Ctrl-C), 1 when not, 2 for a wrong configuration.
 */
export async function demoCommand(options: DemoOptions, around: DemoSurroundings): Promise<number> {
  try {
    return await runDemo(options, around);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === "bug") throw thrown;
    around.out.error(`rondo demo: ${fault.message}`);
    return fault.code === "config" ? EXIT.usage : EXIT.failed;
  }
}

async function runDemo(options: DemoOptions, around: DemoSurroundings): Promise<number> {
  const config = [options.config ?? CONFIG];
  const speed = speedFrom(options.speed);
  const recording = await readRecording(options.recording ?? RECORDING);
  // Twice: which exporters there are says what to override, and only then is it known where they send.
  const asWritten = await loadGraph({ config, set: [] }, around.out);
  if (asWritten === undefined) return EXIT.usage;
  const exporters = exportersOf(asWritten);
  const ignore = insertedKeys(asWritten);
  const capture = join(resolve(options.data), "debug");
  await mkdir(capture, { recursive: true });
  const standIn = await startStandIn({
    exporters: exporters.filter(speaksOtlp),
    ignore,
    main: around.main,
    clock: around.clock,
    abort: new AbortController().signal,
  });
  try {
    const set = [...standIn.sets, ...(await debugSets(exporters, capture))];
    const run = await loadRun({ config, set }, around.out);
    if (run === undefined) return EXIT.usage;
    const { graph } = run;
    // Log lines scroll by above the table once there is one.
    const screen: { view?: LiveView } = {};
    const log = await around.logTo((line) => (screen.view ?? { line: around.out.error }).line(line.trimEnd()));
    const runtime = whole(await startConfigured(run, { ...options, command: "up", config, set }, { ...around, log }));
    const view = liveView({ ...around, snapshot: looker(runtime, () => around.clock.monotonic()) });
    screen.view = view;
    const playing: DemoRun = {
      graph,
      runtime,
      view,
      standIn,
      exporters,
      ignore,
      capture,
      recording,
      speed,
      options,
      around,
    };
    return await runToTheEnd(playing).finally(() => view.close());
  } finally {
    await standIn.stop();
  }
}

interface DemoRun {
  readonly graph: Graph;
  readonly runtime: WholeRuntime;
  readonly view: LiveView;
  readonly standIn: StandIn;
  readonly exporters: readonly StoodIn[];
  readonly ignore: readonly string[];
  readonly capture: string;
  readonly recording: Recording;
  /** Times faster than recorded; 0 is as fast as possible. */
  readonly speed: number;
  readonly options: DemoOptions;
  readonly around: DemoSurroundings;
}

/** The run, the comparison, the wait for Ctrl-C where someone watches, the drain; the comparison is the last word. */
async function runToTheEnd(run: DemoRun): Promise<number> {
  const { runtime, view, options, around } = run;
  // A failed comparison is told after the drain: a process that ends with an open log would leave it to be repaired.
  const { equal, lines } = await replayAndCompare(run).catch(async (thrown: unknown) => {
    await runtime.drain(0);
    throw thrown;
  });
  if (around.terminal !== undefined && !around.abort.aborted) {
    for (const line of lines) view.line(line);
    view.line("Send your own OTLP to the addresses below, or press Ctrl-C to drain and end.");
    await fired(around.abort);
  }
  const leftover = await runtime.drain(options.drainTimeout);
  view.close();
  for (const line of [...leftoverLines(leftover), ...lines]) around.out.line(line);
  return equal && leftover.groups.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Replays the recording and compares what arrived with it; what an earlier run left in the log goes out first. */
async function replayAndCompare(run: DemoRun): Promise<Closing> {
  const { runtime, view, recording, speed, around } = run;
  const { clock, random, abort } = around;
  await settled(run);
  await forgetArrivals(run);
  const before = droppedItems(runtime);
  const startMs = defaultStart(recording, speed, clock.now());
  const result = await replay({
    recording,
    ...addressesOf(runtime),
    speed,
    times: "shift",
    startMs,
    clock,
    random,
    abort,
  });
  await settled(run);
  const accepted = SIGNALS.map((signal) => `${result.tallies[signal].acked} ${ITEM_NAMES[signal]}`).join(", ");
  view.line(`${accepted} accepted`);
  for (const [trouble, times] of result.troubles) view.line(`${trouble} (${times} times)`);
  if (result.requests < result.of) view.line(`interrupted: ${result.of - result.requests} requests were not sent`);
  const { equal, lines } = await compare(run, result, droppedItems(runtime) - before);
  // The closing line comes last, after the differences that it sums up.
  return { equal: equal && result.complete, lines: [...lines.slice(1), ...lines.slice(0, 1)] };
}

async function compare(run: DemoRun, { shift }: ReplayResult, dropped: number): Promise<Closing> {
  const { runtime, recording, ignore } = run;
  const inFlight = runtime.worker.ledger.rows().reduce((sum, row) => sum + row.inFlight, 0);
  return closing(expectedIdentities(recording, shift, { ignore }), await destinations(run), { dropped, inFlight });
}

/**
 * What every exporter of every pipeline delivered: by the sink's own account, or from a debug exporter's capture. One that the
 * stand-in does not speak for, such as a page for Prometheus, keeps no items that could be compared.
 */
async function destinations({ graph, standIn, exporters, capture, ignore }: DemoRun): Promise<Destination[]> {
  const captures = new Map<string, Holdings>();
  for (const { id, type } of exporters) {
    if (type === "debug")
      captures.set(id, await readCapture(captureFile(capture, id), { ignore }).catch(() => new Holdings()));
  }
  const stoodFor = new Set(exporters.filter(speaksOtlp).map(({ id }) => id));
  const found: Destination[] = [];
  for (const { signal, exporters: mine } of graph.pipelines) {
    // No recording has profiles.
    if (signal === "profiles") continue;
    for (const { id } of mine) {
      const captured = captures.get(id);
      if (captured === undefined && !stoodFor.has(id)) continue;
      found.push({
        name: id,
        signal,
        held: captured === undefined ? await standIn.client.ids(id, signal) : captured.held(signal),
      });
    }
  }
  return found;
}

/** What arrived until now is of an earlier run. The exporters hold their captures open and go on at the new end. */
async function forgetArrivals({ standIn, exporters, capture }: DemoRun): Promise<void> {
  await standIn.client.reset();
  const debug = exporters.filter(({ type }) => type === "debug");
  // An exporter that has written nothing has no file yet.
  for (const { id } of debug) await truncate(captureFile(capture, id)).catch(() => undefined);
}

/** Waits until every exporter is done with what is in the log, or time is up; what is left then shows as a difference. */
async function settled({ runtime, around }: DemoRun): Promise<void> {
  await runtime.worker.drained(AbortSignal.any([around.abort, AbortSignal.timeout(SETTLE_MS)]));
}

/** Keeps `debug` off the terminal that the view draws on, and captures what it was given for the comparison. */
async function debugSets(exporters: readonly StoodIn[], capture: string): Promise<string[]> {
  const debug = exporters.filter(({ type }) => type === "debug");
  for (const { id } of debug) await rm(captureFile(capture, id), { force: true });
  return debug.flatMap(({ id }) => [
    `exporters::${id}::capture_file=${JSON.stringify(captureFile(capture, id))}`,
    `exporters::${id}::use_internal_logger=false`,
    `exporters::${id}::output_paths=[${JSON.stringify(captureFile(capture, id).replace(/ndjson$/, "txt"))}]`,
  ]);
}

/** A component's id may hold slashes. */
function captureFile(folder: string, id: string): string {
  return join(folder, `${id.replace(/[^A-Za-z0-9-]/g, "_")}.ndjson`);
}

/** The attribute keys that the configuration's processors write, which identity must leave out. */
function insertedKeys({ pipelines }: Graph): readonly string[] {
  const keys = new Set<string>();
  for (const { values } of pipelines.flatMap(({ processors }) => processors)) {
    // Both processors that write attributes keep a list of actions, each with its key.
    const { actions, attributes } = values as Partial<
      Record<"actions" | "attributes", readonly { readonly key?: string | null }[]>
    >;
    for (const { key } of actions ?? attributes ?? []) if (key) keys.add(key);
  }
  return [...keys];
}

/** What was dropped on purpose is missing at the backends for a reason, and is no difference. */
function droppedItems({ worker }: WholeRuntime): number {
  return worker.ledger.rows().reduce((sum, { dropped }) => sum + sumDrops(dropped), 0);
}

/** The first address of each protocol, as a client on this machine reaches it. */
function addressesOf({ gateway }: WholeRuntime): { readonly http?: string; readonly grpc?: string } {
  const at = (protocol: string) => {
    const found = gateway.addresses.find((address) => address.protocol === protocol && address.port > 0);
    return found && `${["0.0.0.0", "::", "localhost"].includes(found.host) ? "127.0.0.1" : found.host}:${found.port}`;
  };
  const [http, grpc] = [at("http"), at("grpc")];
  return { ...(http !== undefined && { http: `http://${http}` }), ...(grpc !== undefined && { grpc }) };
}
