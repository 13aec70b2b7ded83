/** Tells every Alertmanager everything; each has a queue of its own, so that one that is away holds back no other. */
import type { AlertmanagerSettings } from "@rondo/config";
import { type Clock, fired, type Log } from "@rondo/core";
import type { Registry } from "@rondo/monitor";
import { Alertmanager, type Notification } from "./alertmanager.ts";

/** How long what waits may take to go out when a group or the process stops, milliseconds. */
export const SETTLE_MS = 5_000;

/** Where alerts go. */
export interface Notifier {
  /** Queues and returns at once. */
  tell(notifications: readonly Notification[]): void;
  /** Resolves when everything so far has had its try, or after `SETTLE_MS`. */
  settled(): Promise<void>;
  /** Ends; what still waits is sent, for at most `SETTLE_MS`. */
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
  /** Runs with a signal that fires after `SETTLE_MS`. */
  const atMost = async (run: (late: AbortSignal) => Promise<unknown>) => {
    const late = new AbortController();
    const cancel = clock.after(SETTLE_MS, () => late.abort());
    await run(late.signal);
    cancel();
  };
  return {
    tell: (notifications) => {
      for (const one of all) one.tell(notifications);
    },
    settled: () => atMost((late) => Promise.race([fired(late), Promise.all(all.map((one) => one.idle()))])),
    async close() {
      await atMost((late) => Promise.all(all.map((one) => one.close(late))));
      for (const stop of stops) stop();
    },
  };
}
