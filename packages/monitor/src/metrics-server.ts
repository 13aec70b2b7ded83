/** Serves the registry at `/metrics`, as Prometheus text or, for a client that asks, OpenMetrics. */
import { type Clock, sleep } from "@rondo/core";
import { CONTENT_TYPES, preferredFormat } from "./exposition.ts";
import { type PageServer, servePages } from "./page-server.ts";
import type { Registry } from "./registry.ts";

/** Where the page of metrics is when nobody says otherwise: this machine alone. */
export const METRICS_ADDRESS = { host: "127.0.0.1", port: 8888 } as const;

/** How long a page waits for newer figures, milliseconds: some of those who read it give up after five seconds. */
const BEFORE_MS = 2_000;

/** Starts the page of metrics; throws a `startup` Fault naming `--metrics-address` when it cannot listen. */
export function startMetrics(options: {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly clock: Clock;
  /**
   * Awaited before every page, to bring figures up to date that cost a wait; if it fails or takes two seconds, the page shows
   * older ones.
   */
  readonly before?: () => Promise<void>;
}): Promise<PageServer> {
  const { registry, clock, before = async () => undefined, ...address } = options;
  const failures = registry.counter("rondo_scrape_errors_total", {});
  const metrics = async (accept: string | undefined) => {
    if (!(await isDone(before(), clock))) failures.add(1);
    const format = preferredFormat(accept);
    return { status: 200, contentType: CONTENT_TYPES[format], body: registry.render(format) };
  };
  return servePages({
    ...address,
    purpose: "metrics",
    setBy: "--metrics-address",
    pages: new Map([["/metrics", metrics]]),
  });
}

/** Whether it has resolved within BEFORE_MS. */
async function isDone(running: Promise<void>, clock: Clock): Promise<boolean> {
  const end = new AbortController();
  const done = running.then(
    () => true,
    () => false,
  );
  const late = sleep(clock, BEFORE_MS, end.signal).then(() => false);
  const inTime = await Promise.race([done, late]);
  end.abort();
  return inTime;
}
