/** The live view for a log or a pipe: one line that says as much as fits in a sentence. */
import { ITEM_NAMES } from "@rondo/otlp";
import type { Snapshot } from "./snapshot.ts";
import { sum } from "./view-model.ts";

/** `accepted 271 spans, …; otlp/tempo 271 of 271 spans, …; dropped 0, in flight 0, lag 0`. Exact numbers, no rates. */
export function plainLine({ waitingFor, received, pipelines, exporters }: Snapshot): string {
  const accepted = received.map(({ signal, accepted }) => `${accepted} ${ITEM_NAMES[signal]}`).join(", ");
  const refused = received.reduce((total, row) => total + row.refused, 0);
  const delivered = exporters.map(
    (row) => `${row.exporter} ${row.delivered} of ${row.entered} ${ITEM_NAMES[row.signal]}`,
  );
  // An item that waits for two exporters counts twice, as it does in their rows of the account.
  const rows = [...pipelines, ...exporters];
  const dropped = rows.reduce((total, row) => total + sum(row.dropped), 0);
  const deadLettered = exporters.reduce((total, row) => total + row.deadLettered, 0);
  const inFlight = rows.reduce((total, row) => total + row.inFlight, 0);
  const lag = rows.reduce((total, row) => total + row.lag, 0);
  return [
    ...(waitingFor.length === 0 ? [] : [`waiting for ${waitingFor.join(", ")}`]),
    `accepted ${accepted}${refused === 0 ? "" : `, refused ${refused}`}`,
    ...(delivered.length === 0 ? [] : [`delivered ${delivered.join(", ")}`]),
    `dropped ${dropped}${deadLettered === 0 ? "" : `, dead-lettered ${deadLettered}`}, in flight ${inFlight}, lag ${lag}`,
  ].join("; ");
}
