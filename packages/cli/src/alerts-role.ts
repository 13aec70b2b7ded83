/** The alert role: rules evaluated from the windows, Alertmanager told, and their state served as Prometheus serves it. */
import { type AlertWorker, startAlerts } from "@rondo/alerts";
import type { Broker } from "@rondo/broker";
import type { AlertsSettings, WindowsSettings } from "@rondo/config";
import type { Clock, Log, Random } from "@rondo/core";
import { type Readiness, type Registry, servePages } from "@rondo/monitor";
import { parseAddress } from "./address.ts";
import type { RuleSet } from "./rules.ts";
import { type Windows, windowReaders } from "./windows.ts";

/** What the role is started with. */
export interface AlertsRoleOptions {
  readonly alerts: AlertsSettings;
  readonly settings: WindowsSettings;
  readonly rules: RuleSet["tenants"];
  readonly windows: Windows;
  readonly broker: Broker;
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  readonly readiness: Readiness;
}

/** A running alert role. */
export interface AlertsRole extends Pick<AlertWorker, "close"> {
  /** `host:port` of `/api/v1/rules` and `/api/v1/alerts`. */
  readonly address: string;
}

/** Starts evaluating and serving. Throws a `startup` Fault when the address cannot be listened on, and what `startAlerts` throws. */
export async function startAlertsRole(options: AlertsRoleOptions): Promise<AlertsRole> {
  const { alerts, rules, windows, broker, instance, clock, random, log, registry, readiness } = options;
  const worker = await startAlerts({
    settings: alerts,
    tenants: await windowReaders(options, rules),
    state: broker.state,
    leases: windows.leases,
    ...{ instance, clock, random, log, registry, readiness },
  });
  try {
    const pages = await servePages({
      ...parseAddress("alerts::endpoint", alerts.endpoint),
      ...{ purpose: "rules API", setBy: "alerts::endpoint", pages: worker.pages },
    });
    return {
      address: pages.address,
      async close() {
        await worker.close();
        await pages.close();
      },
    };
  } catch (thrown) {
    await worker.close();
    throw thrown;
  }
}
