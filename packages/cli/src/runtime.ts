/** The roles of a configuration in one process, all of them or some: started in order, drained in order. */
import { hostname } from "node:os";
import type { Broker } from "@rondo/broker";
import { findProcess } from "@rondo/broker/embedded";
import type { Graph } from "@rondo/config";
import { type Clock, Fault, type Log, type Random, sleep } from "@rondo/core";
import { type Gateway, registryMetrics, startGateway } from "@rondo/gateway";
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
} from "@rondo/monitor";
import {
  Backlog,
  dropBacklog,
  type Lag,
  type Ledger,
  ledgerOf,
  pipelineSpec,
  prepareLog,
  removedGroups,
  startWorker,
  unmetRenames,
  type Worker,
} from "@rondo/worker";
import { observeAccount } from "./account-metrics.ts";
import { type Address, parseAddress } from "./address.ts";
import { type AlertsRole, startAlertsRole } from "./alerts-role.ts";
import { collections } from "./collections.ts";
import { type HeldInstance, holdInstance } from "./instance.ts";
import { watchLog } from "./log-watch.ts";
import { memoryBounds } from "./memory-bounds.ts";
import { openLog } from "./open-log.ts";
import { watchRetention } from "./retention-watch.ts";
import type { RuleSet } from "./rules.ts";
import { untilThere } from "./until-there.ts";
import { openWindows, type Windows, windowsWriter } from "./windows.ts";

/** What a process may be; `rondo up` is all of them. */
export const ROLES = ["gateway", "worker", "alerts"] as const;

/** One of the roles. */
export type Role = (typeof ROLES)[number];

/** What a process runs. */
export interface RuntimeOptions {
  readonly graph: Graph;
  /** By tenant; empty when the configuration has no `alerts:`. */
  readonly rules: RuleSet["tenants"];
  readonly roles: readonly Role[];
  readonly version: string;
  /** The folder of the embedded log. */
  readonly data: string;
  readonly metrics: Address;
  /** Absent: the health_check extension's endpoint, or the default. */
  readonly health?: Address;
  /** The name under which this process keeps its counts and is known to its peers. */
  readonly instance: string;
  /** Ids of removed exporters and pipelines whose backlog a worker drops beside its work. */
  readonly dropBacklog?: readonly string[];
  /** Runs the worker's readers somewhere else than in this thread. */
  readonly threads?: (around: ThreadsAround) => Promise<RunningWorker>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ends a wait for what is not there yet. */
  readonly abort: AbortSignal;
}

/** What threads are started with that only the process knows. */
export interface ThreadsAround {
  readonly graph: Graph;
  /** Says how far the groups are behind, over all processes. */
  readonly lags: Pick<Ledger, "lags" | "isDrained">;
  readonly registry: Registry;
  readonly readiness: Readiness;
  readonly readAheadBytes: number;
}

/** A worker as the process sees it, in whatever threads it runs. */
export type RunningWorker = Pick<Worker, "hurry" | "drained" | "finished" | "close"> & {
  readonly ledger: Pick<Ledger, "rows" | "lags">;
};

/** A running process. */
export interface Runtime {
  /** Undefined when the process has no such role. */
  readonly gateway: Gateway | undefined;
  readonly worker: RunningWorker | undefined;
  readonly alerts: AlertsRole | undefined;
  readonly registry: Registry;
  readonly readiness: Readiness;
  /** `host:port` of the page of metrics and of health. */
  readonly metricsAddress: string;
  readonly healthAddress: string;
  /**
   * Stops taking requests, lets the log settle for at most `deadlineMs`, closes everything, and says what is left. On a log
   * that others share only what this process has in hand is waited for, and nothing is left to be told.
   */
  drain(deadlineMs: number): Promise<Leftover>;
}

/** A process with both roles that data passes. */
export type WholeRuntime = Runtime & { readonly gateway: Gateway; readonly worker: RunningWorker };

/** Starts every role, as `rondo up` does. Throws as `startRuntime`. */
export async function startWhole(options: Omit<RuntimeOptions, "roles">): Promise<WholeRuntime> {
  return whole(await startRuntime({ ...options, roles: ROLES }));
}

/** The same process, known to have both roles; throws a Fault `bug` for one that lacks a role. */
export function whole(runtime: Runtime): WholeRuntime {
  const { gateway, worker } = runtime;
  if (gateway === undefined || worker === undefined) throw new Fault("bug", "the process lacks a role");
  return { ...runtime, gateway, worker };
}

/** What a drain left in the log for the next start. */
export interface Leftover {
  /** Requests that were still unanswered; their clients will repeat them. */
  readonly requests: number;
  /** Records that a group has not settled, by group; empty when everything went out. */
  readonly groups: readonly { readonly group: string; readonly records: number }[];
}

/** Starts everything. Throws a Fault that says what to do, after closing what it had started. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { graph, clock, log, random, roles } = options;
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const registry = createRegistry();
    const stopObserving = observeProcess(registry, { version: options.version, clock });
    closing.push(async () => stopObserving());
    const readiness = new Readiness(clock);
    readiness.observe(registry);
    readiness.lacks("started", "the start to end");
    const health = await startHealth({ ...healthAddress(options), readiness, clock });
    closing.push(() => health.close());
    // What is shown may need a wait that the page itself cannot make.
    const refreshing: (() => Promise<void>)[] = [];
    const before = async () => void (await Promise.all(refreshing.map((refresh) => refresh())));
    const metrics = await startMetrics({ ...options.metrics, registry, clock, before });
    closing.push(() => metrics.close());
    const memory = memoryBounds(graph);
    const waiting = { clock, log, readiness, abort: options.abort };
    const clientId = `rondo/${options.instance}/${roles.length === 1 ? roles[0] : "up"}/0`;
    const opening = { settings: graph.broker, data: options.data, clientId, clock, random, log, registry };
    const broker = await untilThere(nameOfLog(graph), () => openLog(opening), waiting);
    closing.push(() => broker.close());
    const { evictPredecessor } = broker;
    // A log on this machine has a lock of its own.
    const held = evictPredecessor && (await untilThere(nameOfLog(graph), () => hold(options, broker), waiting));
    if (held !== undefined) closing.push(() => held.release());
    if (held?.succeeds) await evictPredecessor?.();
    const windows = await openWindowsOf(options, readiness);
    if (windows !== undefined) closing.push(() => windows.close());
    const around = { graph, broker, clock, random, log, registry, readiness };
    const writer = windows && windowsWriter({ ...around, windows, settings: graph.windows });
    const readers = writer === undefined ? [] : [writer];
    await untilThere(
      nameOfLog(graph),
      async () => {
        for (const sentence of await unmetRenames(graph, broker)) log.warn(sentence);
        const others = readers.map(({ spec }) => spec);
        await prepareLog(graph, broker, others);
      },
      waiting,
    );
    const watching = new AbortController();
    closing.push(async () => watching.abort());
    const [first] = graph.pipelines;
    if (roles.includes("worker")) {
      const around = { broker, clock, log, abort: watching.signal };
      for (const name of options.dropBacklog ?? []) {
        for (const spec of await removedGroups(name, graph, broker)) {
          void dropBacklog(spec, around).catch((thrown: unknown) =>
            log.error("a backlog could not be dropped", { group: spec.group, fault: Fault.from(thrown) }),
          );
        }
      }
    }
    if (graph.broker.kind === "kafka" && first !== undefined) {
      const { topic } = pipelineSpec(first);
      void watchLog({ broker, topic, name: nameOfLog(graph), readiness, clock, log }, watching.signal);
    }
    if (roles.includes("worker")) {
      const { kind, retentionMs } = graph.broker;
      const key = kind === "kafka" ? "broker::kafka::topics::retention" : "broker::embedded::retention";
      void watchRetention({ broker, retentionMs, key, clock, log }, watching.signal);
    }
    const backlog = new Backlog({ broker, clock, counts: graph.broker.kind === "embedded" });
    let worker: RunningWorker | undefined;
    if (roles.includes("worker")) {
      const readAheadBytes = memory.readAhead;
      worker =
        options.threads === undefined
          ? await startWorker({ ...around, readers, readAheadBytes })
          : await options.threads({
              ...{ graph, registry, readiness, readAheadBytes },
              lags: ledgerOf(graph, broker, readers),
            });
      const { ledger, close } = worker;
      closing.push(() => close.call(worker));
      refreshing.push(observeAccount(registry, ledger, backlog, () => clock.monotonic()));
    }
    let alerts: AlertsRole | undefined;
    if (roles.includes("alerts") && windows !== undefined && graph.alerts !== undefined) {
      const { rules, instance } = options;
      alerts = await startAlertsRole({
        ...{ ...around, windows, rules, instance, alerts: graph.alerts, settings: graph.windows },
      });
      const { close } = alerts;
      closing.push(() => close());
    }
    let gateway: Gateway | undefined;
    if (roles.includes("gateway")) {
      const collect = collections();
      const { limit: limitBytes } = memory;
      gateway = await startGateway({
        receivers: graph.receivers,
        pipelines: graph.pipelines,
        extensions: graph.extensions,
        broker,
        lingerMs: graph.broker.lingerMs,
        creditsBytes: memory.credits,
        tenants: graph.tenants,
        memory:
          limitBytes === undefined ? undefined : { limitBytes, usedBytes: anonymousBytes, collect: collect?.full },
        collect: collect?.young,
        metrics: registryMetrics(registry),
        log,
        clock,
        random,
        instance: options.instance,
      });
      const { close } = gateway;
      closing.push(() => close());
    }
    readiness.holds("started");
    return {
      gateway,
      worker,
      alerts,
      registry,
      readiness,
      metricsAddress: metrics.address,
      healthAddress: health.address,
      async drain(deadlineMs) {
        readiness.lacks("started", "the drain to end");
        const deadline = clock.monotonic() + deadlineMs;
        worker?.hurry();
        try {
          const requests = (await gateway?.drain(deadlineMs)) ?? 0;
          const left = Math.max(0, deadline - clock.monotonic());
          return { requests, groups: worker === undefined ? [] : await settle(graph, worker, clock, left) };
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

/** The windows, where the configuration has rules and the process has a role that writes or reads them. */
async function openWindowsOf(options: RuntimeOptions, readiness: Readiness): Promise<Windows | undefined> {
  const { alerts, windows } = options.graph;
  if (alerts === undefined || !options.roles.some((role) => role !== "gateway")) return undefined;
  return await openWindows({ ...options, windows, alerts, readiness });
}

function hold({ instance, clock, log, abort }: RuntimeOptions, { state }: Broker): Promise<HeldInstance> {
  const self = { host: hostname(), pid: process.pid, findProcess };
  return holdInstance({ state, instance, ...self, clock, log, abort });
}

function nameOfLog({ broker }: Graph): string {
  return broker.kind === "kafka" ? `Kafka at ${broker.brokers.join(", ")}` : "the log";
}

/** Waits until the log has settled or time is up; answers what is left. */
async function settle(
  graph: Graph,
  worker: RunningWorker,
  clock: Clock,
  deadlineMs: number,
): Promise<Leftover["groups"]> {
  const shared = graph.broker.kind === "kafka";
  const stop = new AbortController();
  const done = shared ? worker.finished(stop.signal) : worker.drained(stop.signal);
  await Promise.race([done, sleep(clock, deadlineMs, stop.signal)]);
  stop.abort();
  if (shared) return [];
  const lags: readonly Lag[] = await worker.ledger.lags();
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
