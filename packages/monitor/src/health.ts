/** Serves readiness as the Collector's health_check extension does: 200 while everything holds, else 503 with the reasons. */
import { type Clock, defineExtension, text } from "@rondo/core";
import { type Page, type PageServer, servePages } from "./page-server.ts";
import type { Readiness } from "./readiness.ts";

/** Where health is when neither the flag nor the extension says otherwise: this machine alone. */
export const HEALTH_ADDRESS = { host: "127.0.0.1", port: 13133, path: "/" } as const;

/** The Go zero time, which the Collector writes while it is not up. */
const NEVER = "0001-01-01T00:00:00Z";

/** The settings of `extensions: health_check`; the role that runs it reads the values and calls `startHealth`. */
export const healthCheckExtension = defineExtension({
  type: "health_check",
  summary: "Answers probes: 200 while the process is ready for work, else 503 with the reasons.",
  signals: [],
  fields: {
    endpoint: text("Address to listen on, host:port; --health-address wins over it.", "localhost:13133"),
    path: text("Path of the page.", "/"),
  },
  check: ({ path }, place) => {
    if (!path.startsWith("/")) place.at("path").problem("must begin with /");
  },
});

/** Starts the health page; throws a `startup` Fault naming `--health-address` when it cannot listen. */
export function startHealth(options: {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly path?: string;
  readonly readiness: Readiness;
  readonly clock: Clock;
}): Promise<PageServer> {
  const { host, port, path = HEALTH_ADDRESS.path, readiness, clock } = options;
  return servePages({
    host,
    port,
    purpose: "health",
    setBy: "--health-address",
    pages: new Map([[path, () => healthPage(readiness, clock.now())]]),
  });
}

/** The page for one moment, `now` in epoch milliseconds. The keys up to `uptime` are the Collector's, in its spelling. */
export function healthPage(readiness: Readiness, now: number): Page {
  const { upSince } = readiness;
  const body =
    upSince === undefined
      ? { status: "Server not available", upSince: NEVER, uptime: "", reasons: readiness.reasons() }
      : { status: "Server available", upSince: new Date(upSince).toISOString(), uptime: goDuration(now - upSince) };
  return { status: upSince === undefined ? 503 : 200, contentType: "application/json", body: JSON.stringify(body) };
}

/** A duration as Go's time.Duration prints it, to the millisecond: `1h2m3.5s`, `250ms`, `0s`. */
export function goDuration(ms: number): string {
  if (ms <= 0) return "0s";
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${(Math.round(ms) % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
