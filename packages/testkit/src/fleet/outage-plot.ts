/**
 * What happens in the scenario *outage*, and when, in milliseconds from its beginning. Six things go wrong for long enough
 * to fire an alert. Three go wrong too briefly: they make an alert pending and nothing more, which tells an evaluator that
 * keeps to `for` from one that does not.
 */
import { MINUTE } from "./event-time.ts";
import type { Life } from "./source.ts";

/** How long the scenario lasts; the last samples are read at its end. */
export const DURATION_MS = 90 * MINUTE;

/** Every source is read this often. */
export const INTERVAL_MS = 15_000;

/** Clients of the fleet, and how many of them leave. */
export const CLIENTS = { all: 100, leaving: 60 } as const;

/** The whole scenario as one life. */
export const THROUGHOUT: Life = { from: 0, until: Number.POSITIVE_INFINITY };

const minutes = (from: number, until: number): Life => ({ from: from * MINUTE, until: until * MINUTE });

/** What goes wrong. */
export const PLOT = {
  /** One answer with status 503 a second. Its counter does not exist before, as with any SDK. */
  errorBurst: minutes(10, 22),
  /** 60 of 100 clients are away; they return as new processes. */
  clientsAway: minutes(20, 50),
  /** `up` of one service is 0. */
  serviceDown: minutes(35, 45),
  /** One host is above 90 %: by its CPU first, by its memory at last, by both for two minutes. It is one episode. */
  hostBusyByCpu: minutes(52, 64),
  hostBusyByMemory: minutes(62, 72),
  /** MongoDB has more than 80 % of its connections in use. */
  connectionsHigh: minutes(60, 75),
  /** No round of one training job ends between these two. */
  roundsStop: minutes(14, 84),
  /** Too briefly: connections, another service, another host. */
  connectionsHighBriefly: minutes(5, 12),
  serviceDownBriefly: minutes(25, 28),
  hostBusyBriefly: minutes(30, 40),
} as const satisfies Readonly<Record<string, Life>>;

/** Whether a moment lies in a span of the plot. */
export function during({ from, until }: Life, ms: number): boolean {
  return from <= ms && ms < until;
}
