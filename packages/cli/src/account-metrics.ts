/** Shows the worker's account as metrics: one row a pipeline, one an exporter, by signal and tenant. Rules of the log 6. */
import type { Emit, Registry } from "@rondo/monitor";
import type { Backlog, GroupBacklog, Ledger } from "@rondo/worker";

/** How old the shown lag may be, milliseconds: asking the log is asynchronous and a page is not. */
const LAG_MAX_AGE_MS = 250;

/** What an alert is made of, a row a partition; beyond so many partitions of all groups only the groups have rows. */
const MAX_PARTITION_ROWS = 2_000;

/** Adds the account to a registry. The returned function brings the lag up to date and is awaited before a page is made. */
export function observeAccount(
  registry: Registry,
  ledger: Pick<Ledger, "rows" | "lags">,
  backlog: Pick<Backlog, "of">,
  monotonic: () => number,
): () => Promise<void> {
  let behind: readonly GroupBacklog[] = [];
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
    emitLag(emit, behind);
  });
  return async () => {
    if (monotonic() - at < LAG_MAX_AGE_MS) return;
    at = monotonic();
    behind = await backlog.of(await ledger.lags());
  };
}

function emitLag(emit: Emit, behind: readonly GroupBacklog[]): void {
  const count = behind.reduce((sum, { partitions }) => sum + partitions.length, 0);
  for (const { group, partitions } of behind) {
    const { signal, pipeline, component } = group;
    const labels = { signal, pipeline, component };
    const sum = (column: "unread" | "items") => partitions.reduce((total, one) => total + one[column], 0);
    emit("rondo_log_lag_records", labels, sum("unread"));
    const exact = partitions.every(({ isExact }) => isExact) ? "true" : "false";
    emit("rondo_log_lag_items", { ...labels, exact }, sum("items"));
    emit("rondo_log_lag_seconds", labels, Math.max(0, ...partitions.map(({ seconds }) => seconds)));
    if (count > MAX_PARTITION_ROWS) continue;
    for (const { partition, unread, seconds } of partitions) {
      const place = { ...labels, partition: `${partition}` };
      emit("rondo_log_partition_lag_records", place, unread);
      emit("rondo_log_partition_lag_seconds", place, seconds);
    }
  }
}
