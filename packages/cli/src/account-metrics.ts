/** Shows the worker's account as metrics: one row a pipeline, one an exporter, by signal and tenant. Rules of the log 6. */
import type { Registry } from "@rondo/monitor";
import type { Lag, Ledger } from "@rondo/worker";

/** How old the shown lag may be, milliseconds: asking the log is asynchronous and a page is not. */
const LAG_MAX_AGE_MS = 250;

/** Adds the account to a registry. The returned function brings the lag up to date and is awaited before a page is made. */
export function observeAccount(
  registry: Registry,
  ledger: Pick<Ledger, "rows" | "lags">,
  monotonic: () => number,
): () => Promise<void> {
  let lags: readonly Lag[] = [];
  let at = Number.NEGATIVE_INFINITY;
  registry.onScrape((emit) => {
    for (const row of ledger.rows()) {
      const { signal, tenant, pipeline, component } = row;
      const labels = { signal, tenant, pipeline, component };
      emit("rondo_items_entered_total", labels, row.entered);
      emit("rondo_items_in_flight", labels, row.inFlight);
      emit("rondo_items_dead_lettered_total", labels, row.deadLettered);
      if (component === "") {
        emit("rondo_items_created_total", labels, row.created);
        emit("rondo_items_forwarded_total", labels, row.forwarded);
      } else {
        emit("rondo_items_delivered_total", labels, row.delivered);
        emit("rondo_items_redelivered_total", labels, row.redelivered);
      }
      for (const [key, items] of Object.entries(row.dropped)) {
        const slash = key.lastIndexOf("/");
        emit(
          "rondo_items_dropped_total",
          { ...labels, component: key.slice(0, slash), reason: key.slice(slash + 1) },
          items,
        );
      }
    }
    for (const { signal, pipeline, component, unread } of lags)
      emit("rondo_log_lag_records", { signal, pipeline, component }, unread);
  });
  return async () => {
    if (monotonic() - at < LAG_MAX_AGE_MS) return;
    at = monotonic();
    lags = await ledger.lags();
  };
}
