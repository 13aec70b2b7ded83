/** `rondo replay`: sends what came in during a span of time to a pipeline's exporters again, from the enriched topic. */
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import type { Broker, StateStore } from "@rondo/broker";
import { findProcess } from "@rondo/broker/embedded";
import type { Graph, PipelineNode } from "@rondo/config";
import { type Clock, Fault, fired, type Log, type Random, Secret } from "@rondo/core";
import { chain } from "@rondo/delivery";
import {
  accumulationOfPipeline,
  createExporter,
  exporterSpec,
  keptFrom,
  oldest,
  SpanCursor,
  SpanReplay,
  spanStart,
} from "@rondo/worker";
import { holdInstance } from "../instance.ts";
import { loadGraph } from "../load.ts";
import { openLog } from "../open-log.ts";
import { EXIT, type Out } from "../out.ts";
import { fileState } from "../replay-span/file-state.ts";
import { readTime } from "../replay-span/read-time.ts";
import { goOnLine, progressLine, resultLine } from "../replay-span/report.ts";
import {
  checkRunId,
  forgetRun,
  goOn,
  loadRun,
  REPLAY_HEADER,
  type ReplayRun,
  saveRun,
} from "../replay-span/run-of-replay.ts";

/** The options as the command line gives them. */
export interface ReplayOptions {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly featureGates?: readonly string[];
  readonly data: string;
  readonly pipeline: string;
  readonly from?: string;
  readonly to?: string;
  readonly exporter?: string;
  readonly run?: string;
  readonly dryRun?: boolean;
}

/** What surrounds the command. */
export interface ReplayAround {
  readonly out: Out;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly abort: AbortSignal;
}

/** Bytes in hand for each exporter, and how often it says how far it is. */
const READ_BYTES = 16 << 20;
const SAY_EVERY_MS = 5_000;
/** How long what is in hand may take when the command is asked to end, milliseconds. */
const END_MS = 5_000;

/**
 * Sends it and prints what became of it. Returns 0 when all of it was delivered, 1 when something was refused or it ended early, 2
 * when the call is wrong.
 */
export async function replayCommand(options: ReplayOptions, around: ReplayAround): Promise<number> {
  const { out, clock, random, log, abort } = around;
  const graph = await loadGraph(options, out);
  if (graph === undefined) return EXIT.usage;
  const pipeline = pipelineOf(graph, options.pipeline);
  const exporters = exportersOf(pipeline, options.exporter, out);
  const now = clock.now();
  const to = readTime("--to", options.to ?? "now", now);
  const asked = { pipeline: pipeline.id, exporters, from: readTime("--from", options.from ?? "now", now), to };
  const run = checkRunId(options.run ?? newRun(now, random));
  const isShared = graph.broker.kind === "kafka";
  // A log on this machine may be in use: it is only read, and where the replay stands is kept beside it.
  const settings = { settings: graph.broker, data: resolve(options.data), readOnly: !isShared };
  const broker = await openLog({ ...settings, clientId: `rondo/replay/${run}`, clock, random, log });
  try {
    const state = isShared ? broker.state : await fileState(join(settings.data, "replay", `${run}.json`));
    const replay = goOn(run, await loadRun(state, run), asked, options);
    const [from, until] = [replay.from, replay.to].map((time) => new Date(time).toISOString());
    out.line(`run ${run}: ${pipeline.id} from ${from} to ${until}, to ${replay.exporters.join(", ")}`);
    const { topic } = exporterSpec(pipeline, replay.exporters[0] ?? "");
    const kept = await keptFrom(broker, topic, replay.from);
    if (kept !== undefined && kept < replay.to) {
      const since = new Date(kept).toISOString();
      out.error(
        `${topic} has all of it only from ${since} on: what came in before and was removed by retention is not sent`,
      );
    }
    if (options.dryRun === true) return await count(broker, pipeline, replay, out);
    const self = { host: hostname(), pid: process.pid, findProcess };
    const instance = `replay/${run}`;
    const held = await holdInstance({ state, instance, ...self, clock, log, abort }).catch((thrown: unknown) => {
      const fault = Fault.from(thrown);
      if (fault.code !== "startup") throw fault;
      throw new Fault("startup", `run ${run} is under way in another process: wait for it, or take another --run`, {
        cause: fault,
      });
    });
    try {
      await saveRun(state, run, replay);
      return await send({ graph, broker, pipeline, state, run, replay, options, ...around });
    } finally {
      await held.release();
    }
  } finally {
    await broker.close();
  }
}

interface Sending extends ReplayAround {
  readonly graph: Graph;
  readonly broker: Broker;
  readonly pipeline: PipelineNode;
  readonly state: StateStore;
  readonly run: string;
  readonly replay: ReplayRun;
  readonly options: ReplayOptions;
}

async function send(sending: Sending): Promise<number> {
  const { graph, broker, pipeline, state, run, replay, out, clock, random, log, abort } = sending;
  const marked = markedBy(pipeline, run);
  const giveUp = new AbortController();
  const late = () => clock.after(END_MS, () => giveUp.abort(), { background: true });
  void fired(abort).then(late);
  const made = replay.exporters.map((id) => {
    const exporterLog = log.child({ pipeline: pipeline.id, exporter: id, replay: run });
    const exporter = createExporter({ graph, clock, random, log }, marked, id);
    const accumulation = accumulationOfPipeline(pipeline);
    const { group, topic } = exporterSpec(pipeline, id);
    const part = new SpanReplay({
      ...{ broker, topic, signal: pipeline.signal, span: replay, group: `${group}.replay.${run}`, component: id },
      chain: chain(exporter, { accumulation, clock, random, log: exporterLog, isKept: false }),
      ...{ state, readBytes: READ_BYTES, clock, log: exporterLog, stop: abort, giveUp: giveUp.signal },
    });
    return { id, exporter, part };
  });
  const say = () => {
    for (const { id, part } of made) if (!part.status.isDone) out.line(progressLine(id, part.status));
    cancel = clock.after(SAY_EVERY_MS, say, { background: true });
  };
  let cancel = clock.after(SAY_EVERY_MS, say, { background: true });
  try {
    const ends = await Promise.allSettled(
      made.map(async ({ exporter, part }) => {
        await exporter.start?.();
        return await part.run();
      }),
    );
    for (const { id, part } of made) out.line(resultLine(id, part.status));
    for (const end of ends) if (end.status === "rejected") out.error(`rondo: ${Fault.from(end.reason).message}`);
    const isRefused = made.some(({ part }) => Object.keys(part.status.row.dropped).length > 0);
    if (made.every(({ part }) => part.status.isDone)) {
      for (const { part } of made) await part.forget();
      await forgetRun(state, run);
      return isRefused ? EXIT.failed : EXIT.ok;
    }
    out.error(goOnLine(run, pipeline.id, flagsOf(sending.options)));
    return EXIT.failed;
  } finally {
    cancel();
    await Promise.all(made.map(({ exporter }) => exporter.close()));
  }
}

/** Reads the span once and says how much it is. */
async function count(broker: Broker, pipeline: PipelineNode, span: ReplayRun, out: Out): Promise<number> {
  const { topic } = exporterSpec(pipeline, span.exporters[0] ?? "");
  const onUnreadable = ({ message }: Fault) => out.error(message);
  const cursors: SpanCursor[] = [];
  for (let partition = 0; partition < (await broker.partitions(topic)); partition++) {
    const { high: end } = await broker.watermarks(topic, partition);
    const offset = await spanStart(broker, topic, partition, span.from);
    cursors.push(new SpanCursor({ broker, topic, partition, span, offset, end, aheadBytes: 1 << 20, onUnreadable }));
  }
  let [records, items, bytes] = [0, 0, 0];
  for (let next = await oldest(cursors); next !== undefined; next = await oldest(cursors)) {
    next.cursor.take();
    records++;
    items += next.found.headers.items;
    bytes += next.found.record.value.length;
  }
  out.line(`${records} records, ${items} items, ${bytes} B would be sent to each`);
  return EXIT.ok;
}

function pipelineOf(graph: Graph, id: string): PipelineNode {
  const found = graph.pipelines.find((one) => one.id === id);
  if (found !== undefined) return found;
  const known = graph.pipelines.map((one) => one.id).join(", ");
  throw new Fault("config", `--pipeline ${id}: there is none of that id; there are ${known}`);
}

/** Those that something can be sent to: the page of `prometheus` shows what is newest, and is shown by the process that runs. */
function exportersOf(
  { exporters, id: pipeline }: PipelineNode,
  wanted: string | undefined,
  out: Out,
): readonly string[] {
  if (wanted !== undefined && !exporters.some(({ id }) => id === wanted)) {
    const known = exporters.map(({ id }) => id).join(", ");
    throw new Fault("config", `--exporter ${wanted}: pipeline ${pipeline} has none of that id; it has ${known}`);
  }
  const named = exporters.filter(({ id }) => wanted === undefined || id === wanted);
  const sending = named.filter(({ type }) => type.type !== "prometheus").map(({ id }) => id);
  for (const { id } of named) if (!sending.includes(id)) out.error(`${id} is a page: nothing can be sent to it again`);
  if (sending.length === 0) throw new Fault("config", `pipeline ${pipeline} has no exporter to send to`);
  return sending;
}

/** The same pipeline, whose exporters say in a header of every request that it belongs to a replay, where they have headers. */
function markedBy(pipeline: PipelineNode, run: string): PipelineNode {
  const exporters = pipeline.exporters.map((exporter) => {
    const { values } = exporter;
    const headers = typeof values === "object" && values !== null && "headers" in values ? values.headers : undefined;
    if (typeof values !== "object" || !(headers instanceof Map)) return exporter;
    return { ...exporter, values: { ...values, headers: new Map([...headers, [REPLAY_HEADER, new Secret(run)]]) } };
  });
  return { ...pipeline, exporters };
}

function flagsOf({ config, set, data, exporter }: ReplayOptions): readonly (readonly [string, string])[] {
  return [
    ...config.map((file) => ["--config", file] as const),
    ...set.map((one) => ["--set", one] as const),
    ["--data", data],
    ...(exporter === undefined ? [] : [["--exporter", exporter] as const]),
  ];
}

/** A name that says when, and differs from that of another in the same second. */
function newRun(now: number, random: Random): string {
  const when = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  return `${when}-${random().toString(36).slice(2, 6).padEnd(4, "0")}`;
}
