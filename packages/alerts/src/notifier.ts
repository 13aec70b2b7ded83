/** Tells every Alertmanager everything; each has a queue of its own, so that one that is away holds back no other. */
import type { AlertmanagerSettings } from "@rondo/config";
import { type Clock, type Log, sleep } from "@rondo/core";
import type { Registry } from "@rondo/monitor";
import { Alertmanager, type Notification } from "./alertmanager.ts";

/** How long what waits may take to go out when the process stops, milliseconds. */
export const CLOSE_MS = 5_000;

/** Where alerts go. */
export interface Notifier {
  /** Queues and returns at once. */
  tell(notifications: readonly Notification[]): void;
  /** Sends what waits, for at most `CLOSE_MS`. */
  close(): Promise<void>;
}

/** What the notifier needs. */
export interface NotifierOptions {
  readonly alertmanagers: readonly AlertmanagerSettings[];
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Registry;
}

/** Makes the notifier; nothing is sent yet. */
export function createNotifier({ alertmanagers, clock, log, registry }: NotifierOptions): Notifier {
  const all = alertmanagers.map((settings) => {
    const alertmanager = new URL(settings.url).host;
    const counters = {
      sent: registry.counter("rondo_notifications_total", { alertmanager, outcome: "sent" }),
      failed: registry.counter("rondo_notifications_total", { alertmanager, outcome: "failed" }),
      dropped: registry.counter("rondo_notifications_total", { alertmanager, outcome: "dropped" }),
      withheld: registry.counter("rondo_notifications_total", { alertmanager, outcome: "withheld" }),
    };
    return new Alertmanager({ settings, clock, log, count: (outcome, alerts) => counters[outcome].add(alerts) });
  });
  const stops = all.map((one) =>
    registry.computed("rondo_notifications_waiting", { alertmanager: one.host }, () => one.waiting),
  );
  return {
    tell: (notifications) => {
      for (const one of all) one.tell(notifications);
    },
    async close() {
      const late = new AbortController();
      const done = new AbortController();
      void sleep(clock, CLOSE_MS, done.signal).then(() => late.abort());
      await Promise.all(all.map((one) => one.close(late.signal)));
      done.abort();
      for (const stop of stops) stop();
    },
  };
}
