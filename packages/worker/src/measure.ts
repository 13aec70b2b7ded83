/** Measures the single tries of an exporter: how many, how they ended, how long they took, how much they carried. */
import type { Clock, Deliver, Verdict } from "@rondo/core";
import type { Registry } from "@rondo/monitor";
import type { Carried } from "@rondo/otlp";

/** What names an exporter in the metrics. */
export interface ExporterLabels {
  readonly signal: Carried;
  readonly pipeline: string;
  readonly component: string;
}

/** Wraps an exporter's own Deliver; items are not counted here but in the account. */
export function measured(deliver: Deliver, labels: ExporterLabels, registry: Registry, clock: Clock): Deliver {
  const bytes = registry.counter("rondo_exporter_sent_bytes_total", labels);
  const duration = registry.histogram("rondo_exporter_request_duration_seconds", labels);
  return async (batch, abort) => {
    const began = clock.monotonic();
    bytes.add(batch.body.length);
    let outcome = "bug";
    try {
      const verdict = await deliver(batch, abort);
      outcome = outcomeOf(verdict);
      return verdict;
    } finally {
      duration.observe((clock.monotonic() - began) / 1000);
      registry.counter("rondo_exporter_requests_total", { ...labels, outcome }).add(1);
    }
  };
}

/** `settled`, `refused` when items were dropped, or the code of the Fault that makes a later try necessary. */
function outcomeOf(verdict: Verdict): string {
  if (verdict.kind === "retry") return verdict.fault.code;
  return verdict.drops.length === 0 ? "settled" : "refused";
}
