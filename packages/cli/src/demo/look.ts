/** One look at a running process, for the live view: its account, its lag and its addresses. */
import { SIGNALS } from "@rondo/otlp";
import type { Lag } from "@rondo/worker";
import type { WholeRuntime } from "../runtime.ts";
import type { Snapshot } from "../view/snapshot.ts";

/** Makes the function that the view calls for every frame. `refresh` is asynchronous; a frame shows the lag of the one before. */
export function looker(runtime: WholeRuntime, monotonic: () => number): () => Snapshot {
  let lags: readonly Lag[] = [];
  let asking = false;
  const refresh = () => {
    // Frames may come faster than a slow disk answers.
    if (asking) return;
    asking = true;
    runtime.worker.ledger
      .lags()
      .then(
        (now) => {
          lags = now;
        },
        // A log that is closing has no lag to tell; the last one stays.
        () => undefined,
      )
      .finally(() => {
        asking = false;
      });
  };
  return () => {
    refresh();
    return look(runtime, lags, monotonic());
  };
}

/** Reads numbers only: it runs four times a second in the process that it looks at. */
function look(
  { gateway, worker, readiness, metricsAddress }: WholeRuntime,
  lags: readonly Lag[],
  at: number,
): Snapshot {
  const totals = gateway.totals();
  const rows = worker.ledger.rows().map((row) => {
    const lag = lags.find(({ group }) => group === row.group)?.unread ?? 0;
    return { ...row, dropped: byReason(row.dropped), lag, exporter: row.component };
  });
  return {
    at,
    waitingFor: readiness.reasons().map(({ reason }) => reason),
    addresses: [
      ...gateway.addresses.map(
        ({ protocol, text }) => [protocol === "grpc" ? "OTLP/gRPC" : "OTLP/HTTP", text] as const,
      ),
      ["metrics", `http://${metricsAddress}/metrics`],
    ],
    received: SIGNALS.map((signal) => {
      const mine = totals.filter((total) => total.signal === signal);
      return {
        signal,
        accepted: sum(mine.map(({ accepted }) => accepted)),
        refused: sum(mine.map(({ refused }) => refused)),
      };
    }),
    pipelines: rows.filter(({ component }) => component === ""),
    exporters: rows.filter(({ component }) => component !== ""),
  };
}

/** Drop counts are kept by `<component>/<reason>`; the view has a row per component already. */
function byReason(dropped: Readonly<Record<string, number>>): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const [key, items] of Object.entries(dropped)) {
    const reason = key.slice(key.lastIndexOf("/") + 1);
    reasons[reason] = (reasons[reason] ?? 0) + items;
  }
  return reasons;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
