/** The windows of a process: the store and the leases that a configuration names, and what its rules read of them. */
import { join } from "node:path";
import { type RuleGroup, selectorsOfGroups } from "@rondo/alerts";
import { type Broker, enrichedTopic, windowsGroup } from "@rondo/broker";
import type { AlertsSettings, WindowsSettings } from "@rondo/config";
import type { Clock, Log, Random } from "@rondo/core";
import type { Registry } from "@rondo/monitor";
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
}

/** Open windows. */
export interface Windows {
  readonly store: WindowStore;
  readonly leases: Leases;
  readonly selectors: WindowSelectors;
  close(): Promise<void>;
}

/** Bytes of enriched metrics that the writer of a partition takes into hand at once. */
const READ_BYTES = 1 << 20;

/** Opens the store. Throws a Fault `unavailable` when Redis does not answer, `config` when it may not be used as it is set up. */
export async function openWindows(options: WindowsOptions): Promise<Windows> {
  const { windows, data, clock, random, log } = options;
  const selectors = selectorsFor(options);
  if (windows.store.kind === "embedded") {
    const store = await openEmbeddedWindows({ directory: join(data, "windows"), clock });
    const leases = localLeases(clock);
    return { store, leases, selectors, close: () => store.close() };
  }
  const connection = new RedisConnection({ url: windows.store.url.reveal(), clock, random, log });
  try {
    await connection.check();
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
  const expiryMs = slotExpiryMs(selectors, windows.latenessMs);
  const store = redisWindows({ connection, expiryMs });
  return { store, leases: redisLeases(connection), selectors, close: () => connection.close() };
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
  const spec = { group: windowsGroup(pipeline), topic: enrichedTopic("metrics", pipeline) };
  const { store, selectors } = windows;
  const options = {
    store,
    selectors,
    broker,
    registry,
    clock,
    log,
    latenessMs: settings.latenessMs,
    readBytes: READ_BYTES,
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
  const topic = enrichedTopic("metrics", settings.pipeline ?? "metrics");
  const partitions = await broker.partitions(topic);
  const keepMs = selectors.longestMs;
  return [...rules].map(([tenant, groups]) => ({
    tenant,
    groups,
    windows: openWindowReader({ store, tenant, partitions, keepMs, clock }),
  }));
}
