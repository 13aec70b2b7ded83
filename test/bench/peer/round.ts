/** One arm of one round: a fresh subject, a warm-up, a measured window, and the gate's word on whether it counts. */
import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { grpcClient, httpClient } from "../../rig/otlp-client.ts";
import { serveGrpc, serveHttp } from "../../rig/otlp-server.ts";
import type { Corpus } from "./corpus.ts";
import { openGate } from "./gate.ts";
import { startLoad } from "./generator.ts";
import { cpuSeconds, type Memory, memoryOf } from "./process-figures.ts";
import { type Arm, type Protocol, startSubject } from "./subject.ts";

/** What is the same for every arm of a bench. */
export interface RoundOptions {
  readonly corpus: Corpus;
  readonly protocol: Protocol;
  readonly gzip: boolean;
  readonly itemsPerSecond: number;
  readonly idleSeconds: number;
  readonly warmSeconds: number;
  readonly measureSeconds: number;
  readonly profile?: string | undefined;
}

/** The figures of one arm of one round. */
export interface Figures {
  readonly arm: Arm;
  /** CPU-seconds for a million items, over the measured window. */
  readonly cpuPerMillion: number;
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
  /** Why the figures do not count; empty when they do. */
  readonly problems: readonly string[];
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
  const subject = await startSubject({
    arm,
    signal: corpus.signal,
    protocol,
    backend: sink.port,
    folder,
    profile: options.profile,
  });
  const samples: Memory[] = [];
  const sampler = setInterval(() => samples.push(memoryOf(subject.pid)), 500);
  try {
    const idleBefore = cpuSeconds(subject.pid);
    await pause(options.idleSeconds * 1000);
    const idleCpu = (cpuSeconds(subject.pid) - idleBefore) / Math.max(options.idleSeconds, 1e-9);
    const restAnonymous = memoryOf(subject.pid).anonymous;
    const client = (protocol === "http" ? httpClient : grpcClient)({
      port: subject.port,
      gzip: options.gzip,
      timeoutMs: 10_000,
    });
    const load = startLoad(corpus, client, options.itemsPerSecond);
    await pause(options.warmSeconds * 1000);
    const [cpuBefore, itemsBefore, samplesBefore] = [cpuSeconds(subject.pid), gate.received, samples.length];
    await pause(options.measureSeconds * 1000);
    const [cpu, items] = [cpuSeconds(subject.pid) - cpuBefore, gate.received - itemsBefore];
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
      cpuPerMillion: (cpu / Math.max(1, items)) * 1e6,
      idleCpu,
      restAnonymous,
      itemsMeasured: items,
      rss: mean(window.map(({ rss }) => rss)),
      rssAnonymous: mean(window.map(({ anonymous }) => anonymous)),
      rssPeak: Math.max(0, ...samples.map(({ rss }) => rss)),
      p50: sent.p50,
      p99: sent.p99,
      lateMs: sent.lateMs,
      problems: [...problems, ...failures],
    };
  } finally {
    clearInterval(sampler);
    await subject.stop();
    await sink.close();
    await rm(folder, { recursive: true, force: true });
  }
}
