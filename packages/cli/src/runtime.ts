/** Every role of a configuration in one process, over the embedded log: started in order, drained in order. */
import { type EmbeddedBroker, openEmbedded } from "@rondo/broker/embedded";
import type { Graph } from "@rondo/config";
import { type Clock, Fault, type Log, type Random, sleep } from "@rondo/core";
import { creditsFrom, type Gateway, registryMetrics, startGateway } from "@rondo/gateway";
import {
  anonymousBytes,
  createRegistry,
  HEALTH_ADDRESS,
  healthCheckExtension,
  observeProcess,
  Readiness,
  type Registry,
  startHealth,
  startMetrics,
  totalMemoryBytes,
} from "@rondo/monitor";
import { limitsOf, memoryLimiter } from "@rondo/processors";
import { prepareLog, startWorker, type Worker } from "@rondo/worker";
import { observeAccount } from "./account-metrics.ts";
import { type Address, parseAddress } from "./address.ts";

/** What `rondo up` runs. */
export interface RuntimeOptions {
  readonly graph: Graph;
  readonly version: string;
  /** The folder of the embedded log. */
  readonly data: string;
  readonly metrics: Address;
  /** Absent: the health_check extension's endpoint, or the default. */
  readonly health?: Address;
  /** The name under which this process keeps its counts. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A running process. */
export interface Runtime {
  readonly gateway: Gateway;
  readonly worker: Worker;
  readonly registry: Registry;
  readonly readiness: Readiness;
  /** `host:port` of the page of metrics and of health. */
  readonly metricsAddress: string;
  readonly healthAddress: string;
  /** Stops taking requests, lets the log settle for at most `deadlineMs`, closes everything, and says what is left. */
  drain(deadlineMs: number): Promise<Leftover>;
}

/** What a drain left in the log for the next start. */
export interface Leftover {
  /** Requests that were still unanswered; their clients will repeat them. */
  readonly requests: number;
  /** Records that a group has not settled, by group; empty when everything went out. */
  readonly groups: readonly { readonly group: string; readonly records: number }[];
}

/** What requests in flight may hold when no memory_limiter says otherwise, bytes. */
const DEFAULT_CREDITS = 256 << 20;

/** What all readers together may hold of records when no memory_limiter says otherwise, bytes. */
const DEFAULT_READ_AHEAD = 64 << 20;

/** Starts everything. Throws a Fault that says what to do, after closing what it had started. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { graph, clock, log, random } = options;
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const registry = createRegistry();
    closing.push(async () => stopObserving());
    const stopObserving = observeProcess(registry, { version: options.version, clock });
    const readiness = new Readiness(clock);
    readiness.observe(registry);
    readiness.lacks("started", "the start to end");
    const health = await startHealth({ ...healthAddress(options), readiness, clock });
    closing.push(() => health.close());
    const memory = memoryBounds(graph);
    const broker = await openLog(options);
    closing.push(() => broker.close());
    observeLog(registry, broker);
    await prepareLog(graph, broker);
    const worker = await startWorker({
      ...{ graph, broker, clock, random, log, registry, readiness },
      readAheadBytes: memory.readAhead,
    });
    closing.push(() => worker.close());
    const before = observeAccount(registry, worker.ledger, () => clock.monotonic());
    const metrics = await startMetrics({ ...options.metrics, registry, before });
    closing.push(() => metrics.close());
    const gateway = await startGateway({
      receivers: graph.receivers,
      pipelines: graph.pipelines,
      broker,
      lingerMs: graph.broker.lingerMs,
      creditsBytes: memory.credits,
      metrics: registryMetrics(registry),
      log,
      clock,
      random,
      instance: options.instance,
    });
    closing.push(() => gateway.close());
    readiness.holds("started");
    return {
      gateway,
      worker,
      registry,
      readiness,
      metricsAddress: metrics.address,
      healthAddress: health.address,
      async drain(deadlineMs) {
        readiness.lacks("started", "the drain to end");
        const deadline = clock.monotonic() + deadlineMs;
        const left = () => Math.max(0, deadline - clock.monotonic());
        worker.hurry();
        try {
          const requests = await gateway.drain(deadlineMs);
          return { requests, groups: await settle(worker, clock, left()) };
        } finally {
          await closeAll(closing, log);
        }
      },
    };
  } catch (thrown) {
    await closeAll(closing, log);
    throw thrown;
  }
}

/** Waits until the log has settled or time is up; answers what is left. */
async function settle(worker: Worker, clock: Clock, deadlineMs: number): Promise<Leftover["groups"]> {
  const stop = new AbortController();
  await Promise.race([worker.drained(stop.signal), sleep(clock, deadlineMs, stop.signal)]);
  stop.abort();
  const lags = await worker.ledger.lags();
  return lags
    .map(({ group, unread, unsettled }) => ({ group, records: unread + unsettled }))
    .filter(({ records }) => records > 0);
}

/** Closes in the reverse order of starting; one that fails does not keep the others open. */
async function closeAll(closing: (() => Promise<unknown>)[], log: Log): Promise<void> {
  for (const close of closing.splice(0).reverse()) {
    await close().catch((thrown: unknown) => log.warn("closing failed", { fault: Fault.from(thrown) }));
  }
}

function healthAddress({ graph, health }: RuntimeOptions): Address & { readonly path: string } {
  const extension = graph.extensions.find(({ type }) => type === healthCheckExtension);
  // Config read these values with the fields of the type that was just compared.
  const configured = extension?.values as { readonly endpoint: string; readonly path: string } | undefined;
  const address = configured && parseAddress("extensions::health_check::endpoint", configured.endpoint);
  return { path: configured?.path ?? HEALTH_ADDRESS.path, ...(health ?? address ?? HEALTH_ADDRESS) };
}

/** Admission credits and read-ahead: the lowest memory_limiter counts, since all of them watch the same process. */
function memoryBounds(graph: Graph): { readonly credits: number; readonly readAhead: number } {
  const limits = graph.pipelines
    .flatMap(({ processors }) => processors)
    .filter(({ type }) => type === memoryLimiter)
    .map(({ values }) => limitsOf(values, totalMemoryBytes()))
    .sort((a, b) => a.hardBytes - b.hardBytes);
  const [lowest] = limits;
  if (lowest === undefined) return { credits: DEFAULT_CREDITS, readAhead: DEFAULT_READ_AHEAD };
  const credits = creditsFrom(lowest.hardBytes, lowest.hardBytes - lowest.softBytes, anonymousBytes());
  // Records in the readers' hands come out of the same memory as requests in flight.
  return { credits, readAhead: Math.min(DEFAULT_READ_AHEAD, Math.floor(credits / 4)) };
}

async function openLog({ graph, data, clock, log }: RuntimeOptions): Promise<EmbeddedBroker> {
  const settings = graph.broker;
  if (settings.kind !== "embedded") {
    throw new Fault(
      "unsupported",
      "broker::kafka is not built yet: leave the broker section out to keep the log on this machine",
    );
  }
  const { partitions, retentionMs, segmentBytes, sync } = settings;
  return await openEmbedded({ directory: data, partitions, retentionMs, segmentBytes, sync, clock, log });
}

/** Shows what the embedded log does, in the words of the table of metrics. */
function observeLog(registry: Registry, broker: EmbeddedBroker): void {
  registry.onScrape((emit) => {
    const { bytes, corrupt, syncs, appended } = broker.stats();
    emit("rondo_log_size_bytes", {}, bytes);
    emit("rondo_log_corrupt_total", {}, corrupt);
    emit("rondo_log_fsyncs_total", {}, syncs);
    for (const [topic, grown] of appended) {
      emit("rondo_log_appended_records_total", { topic }, grown.records);
      emit("rondo_log_append_bytes_total", { topic }, grown.bytes);
    }
  });
}
