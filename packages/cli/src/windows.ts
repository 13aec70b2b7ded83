/** The windows of a process: the store and the leases that a configuration names, and what its rules read of them. */
import { join } from "node:path";
import { type RuleGroup, selectorsOfGroups } from "@rondo/alerts";
import { type Broker, enrichedTopic, pipelineGroup, RAW_TOPICS, windowsGroup } from "@rondo/broker";
import type { AlertsSettings, WindowsSettings } from "@rondo/config";
import { type Clock, Fault, type Log, type Random } from "@rondo/core";
import type { Readiness, Registry } from "@rondo/monitor";
import {
  type Leases,
  localLeases,
  openWindowReader,
  readKeepSelectors,
  runWindowsClaim,
  slotExpiryMs,
  type WindowReader,
  WindowSelectors,
  type WindowStore,
} from "@rondo/windows";
import { openEmbeddedWindows } from "@rondo/windows/embedded";
import { RedisConnection, redisLeases, redisWindows } from "@rondo/windows/redis";
import type { Reader } from "@rondo/worker";
import type { RuleSet } from "./rules.ts";
import { untilThere } from "./until-there.ts";

/** What windows are opened with. */
export interface WindowsOptions {
  readonly windows: WindowsSettings;
  readonly alerts: AlertsSettings;
  readonly rules: RuleSet["tenants"];
  /** The folder of everything that is kept on this machine. */
  readonly data: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Lacks `Redis` until it has answered once. */
  readonly readiness: Readiness;
  /** Ends the wait for a Redis that is not there yet. */
  readonly abort: AbortSignal;
}

/** Open windows. */
export interface Windows {
  readonly store: WindowStore;
  readonly leases: Leases;
  readonly selectors: WindowSelectors;
  close(): Promise<void>;
}

/**
 * Opens the store. A Redis that does not answer is waited for in the background, so that it holds back the windows and nothing
 * else. Throws a Fault `config` when what answers must not be used as it is set up, or `windows::keep` is wrong.
 */
export async function openWindows(options: WindowsOptions): Promise<Windows> {
  const { windows, data, clock, random, log } = options;
  const selectors = selectorsFor(options);
  if (windows.store.kind === "embedded") {
    const store = await openEmbeddedWindows({ directory: join(data, "windows"), clock, log });
    return { store, leases: localLeases(clock), selectors, close: () => store.close() };
  }
  const connection = new RedisConnection({ url: windows.store.url.reveal(), clock, random, log });
  const stop = new AbortController();
  try {
    await connection.check();
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code !== "unavailable") {
      await connection.close();
      throw fault;
    }
    const abort = AbortSignal.any([options.abort, stop.signal]);
    void untilThere("Redis", () => connection.check(), { ...options, abort }).catch((later: unknown) =>
      unusable(options, Fault.from(later)),
    );
  }
  const store = redisWindows({ connection, expiryMs: slotExpiryMs(selectors, windows.latenessMs) });
  return {
    ...{ store, selectors, leases: redisLeases(connection) },
    async close() {
      stop.abort();
      await connection.close();
    },
  };
}

/** A Redis that came late and must not be used: the process does the rest of its work, and says that it is not well. */
function unusable({ log, readiness }: WindowsOptions, fault: Fault): void {
  if (fault.code === "aborted") return;
  log.error("the windows cannot be kept", { fault });
  readiness.lacks("Redis", fault.message);
}

function selectorsFor({ windows, alerts, rules }: WindowsOptions): WindowSelectors {
  const { lookbackMs } = alerts;
  const uses = [...rules].map(([tenant, groups]) => [tenant, selectorsOfGroups(groups, { lookbackMs })] as const);
  return new WindowSelectors({ rules: Object.fromEntries(uses), keep: readKeepSelectors(windows.keep) });
}

/** What a windows' writer and its readers have in common. */
export interface WindowsAround {
  readonly windows: Windows;
  readonly settings: WindowsSettings;
  readonly broker: Broker;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
}

/** The reader of the log that keeps the windows; undefined when the configuration has no metrics pipeline. */
export function windowsWriter(around: WindowsAround): Reader | undefined {
  const { windows, settings, broker, registry, clock, log } = around;
  const { pipeline } = settings;
  if (pipeline === undefined) return undefined;
  const { renamedFrom: named = pipeline } = settings;
  const spec = { group: windowsGroup(named), topic: enrichedTopic("metrics", named) };
  const { store, selectors } = windows;
  const options = {
    store,
    selectors,
    broker,
    registry,
    clock,
    log,
    latenessMs: settings.latenessMs,
    source: { topic: RAW_TOPICS.metrics, group: pipelineGroup(named) },
  };
  return {
    ...{ spec, component: "windows", pipeline, signal: "metrics" },
    run: (claim, ended) => runWindowsClaim(claim, ended, options),
  };
}

/** What each tenant's rules are evaluated from. */
export async function windowReaders(
  { windows, settings, broker, clock }: WindowsAround,
  rules: RuleSet["tenants"],
): Promise<
  readonly { readonly tenant: string; readonly groups: readonly RuleGroup[]; readonly windows: WindowReader }[]
> {
  const { store, selectors } = windows;
  const topic = enrichedTopic("metrics", settings.renamedFrom ?? settings.pipeline ?? "metrics");
  const partitions = await broker.partitions(topic);
  const keepMs = selectors.longestMs;
  const keeps = selectors.fingerprint;
  return [...rules].map(([tenant, groups]) => ({
    tenant,
    groups,
    windows: openWindowReader({ store, tenant, partitions, keepMs, keeps, clock }),
  }));
}
