/** One arm of one round: a fresh subject, a warm-up, a measured window, and the gate's word on whether it counts. */
import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { grpcClient, httpClient } from "../../rig/otlp-client.ts";
import { serveGrpc, serveHttp } from "../../rig/otlp-server.ts";
import type { BenchKafka } from "./bench-kafka.ts";
import type { Corpus } from "./corpus.ts";
import { openGate } from "./gate.ts";
import { startLoad } from "./generator.ts";
import type { Arm, KafkaCompression, Protocol, Queue, Topology } from "./plan.ts";
import { coreSeconds, cpuSeconds, type Memory, memoryOf } from "./process-figures.ts";
import { startSubject } from "./subject.ts";

/** What is the same for every arm of a bench. */
export interface RoundOptions {
  readonly corpus: Corpus;
  readonly topology: Topology;
  readonly protocol: Protocol;
  readonly gzip: boolean;
  readonly kafkaCompression: KafkaCompression;
  readonly queue: Queue;
  readonly itemsPerSecond: number;
  readonly idleSeconds: number;
  readonly warmSeconds: number;
  readonly measureSeconds: number;
  readonly profile?: string | undefined;
  /** What the hops of the topology share; undefined when it has no Kafka. */
  readonly kafka?: BenchKafka | undefined;
}

/** The figures of one arm of one round. */
export interface Figures {
  readonly arm: Arm;
  /** CPU-seconds for a million items, over the measured window: all processes together, and each. */
  readonly cpuPerMillion: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Share of a core that the subject used before the load began. */
  readonly idleCpu: number;
  /** Anonymous memory at rest, before the load began, MiB. */
  readonly restAnonymous: number;
  readonly itemsMeasured: number;
  /** In MiB: the mean over the window, and the highest of the whole round. */
  readonly rss: number;
  readonly rssAnonymous: number;
  readonly rssPeak: number;
  readonly p50: number;
  readonly p99: number;
  readonly lateMs: number;
  /** Shares of core 1 that load, sink and Kafka used, and of core 0 and 1 that others did: near 1 they are what is measured. */
  readonly loadCore: number;
  readonly foreign: readonly [number, number];
  /** CPU-seconds of Kafka for a million items; 0 when there is none. */
  readonly kafka: number;
  /** Why the figures do not count; empty when they do. */
  readonly problems: readonly string[];
}

/** What has been used until now, in seconds. */
interface Used {
  readonly parts: Readonly<Record<string, number>>;
  readonly own: number;
  /** Load and sink, which are this process. */
  readonly load: number;
  readonly cores: readonly [number, number];
  readonly kafka: number;
}

function usedBy(pids: Readonly<Record<string, number>>, kafka: BenchKafka | undefined): Used {
  const parts = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)]));
  const own = Object.values(parts).reduce((sum, seconds) => sum + seconds, 0);
  const load = process.cpuUsage();
  return {
    parts,
    own,
    load: (load.user + load.system) / 1e6,
    cores: [coreSeconds(0), coreSeconds(1)],
    kafka: kafka === undefined ? 0 : cpuSeconds(kafka.pid),
  };
}

function memoryOfAll(pids: Readonly<Record<string, number>>): Memory {
  const all = Object.values(pids).map(memoryOf);
  const sum = (part: keyof Memory) => all.reduce((total, memory) => total + memory[part], 0);
  return { rss: sum("rss"), anonymous: sum("anonymous") };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Runs one arm in `folder`, which is removed again unless something went wrong. */
export async function runArm(arm: Arm, options: RoundOptions, folder: string): Promise<Figures> {
  const { corpus, protocol } = options;
  const seconds = options.warmSeconds + options.measureSeconds;
  // Room for a tenth more than is planned: timers are not exact.
  const gate = openGate(corpus.signal, Math.ceil(seconds * options.itemsPerSecond * 1.1) + 10 * corpus.size);
  const serve = protocol === "http" ? serveHttp : serveGrpc;
  const sink = await serve(0, (_signal, body) => {
    gate.take(body);
    return "accepted";
  });
  await options.kafka?.empty();
  const subject = await startSubject({
    arm,
    topology: options.topology,
    signal: corpus.signal,
    protocol,
    backend: sink.port,
    folder,
    profile: options.profile,
    kafka: options.kafka,
    kafkaCompression: options.kafkaCompression,
    queue: options.queue,
  });
  const used = () => usedBy(subject.pids, options.kafka);
  const samples: Memory[] = [];
  const sampler = setInterval(() => samples.push(memoryOfAll(subject.pids)), 500);
  try {
    const idleBefore = used().own;
    await pause(options.idleSeconds * 1000);
    const idleCpu = options.idleSeconds > 0 ? (used().own - idleBefore) / options.idleSeconds : 0;
    const restAnonymous = memoryOfAll(subject.pids).anonymous;
    const client = (protocol === "http" ? httpClient : grpcClient)({
      port: subject.port,
      gzip: options.gzip,
      timeoutMs: 10_000,
    });
    const load = startLoad(corpus, client, options.itemsPerSecond);
    await pause(options.warmSeconds * 1000);
    const [before, itemsBefore, samplesBefore] = [used(), gate.received, samples.length];
    const began = performance.now();
    await pause(options.measureSeconds * 1000);
    const [after, items] = [used(), gate.received - itemsBefore];
    const wall = (performance.now() - began) / 1000;
    const million = (seconds: number) => (seconds / Math.max(1, items)) * 1e6;
    const [core0, core1] = [after.cores[0] - before.cores[0], after.cores[1] - before.cores[1]];
    const others = after.load - before.load + after.kafka - before.kafka;
    const window = samples.slice(samplesBefore);
    const sent = await load.stop();
    // What is on its way may still arrive; then whatever arrives twice must have time to.
    for (let waited = 0; gate.distinct < sent.items && waited < 20_000; waited += 100) await pause(100);
    await pause(500);
    client.close();
    const { problems } = gate.result(sent.items);
    const failures = [...sent.failures].map(([what, times]) => `${times} requests: ${what}`);
    return {
      arm,
      cpuPerMillion: million(after.own - before.own),
      parts: Object.fromEntries(
        Object.entries(after.parts).map(([name, seconds]) => [name, million(seconds - (before.parts[name] ?? 0))]),
      ),
      idleCpu,
      restAnonymous,
      itemsMeasured: items,
      rss: mean(window.map(({ rss }) => rss)),
      rssAnonymous: mean(window.map(({ anonymous }) => anonymous)),
      rssPeak: Math.max(0, ...samples.map(({ rss }) => rss)),
      p50: sent.p50,
      p99: sent.p99,
      lateMs: sent.lateMs,
      loadCore: others / wall,
      foreign: [Math.max(0, core0 - (after.own - before.own)) / wall, Math.max(0, core1 - others) / wall],
      kafka: million(after.kafka - before.kafka),
      problems: [...problems, ...failures],
    };
  } finally {
    clearInterval(sampler);
    await subject.stop();
    await sink.close();
    await rm(folder, { recursive: true, force: true });
  }
}
