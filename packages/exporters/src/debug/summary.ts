/** The counts of a batch that `basic` shows, read off the frames of the wire bytes: nothing is decoded. */
import type { Batch } from "@rondo/core";
import { type Carried, Cursor, Wire } from "@rondo/otlp";

/** What the counts are called, as in the Collector; `entries` stand between resources and items in metrics only. */
const NAMES: Readonly<Record<Carried, { title: string; resources: string; entries?: string; items: string }>> = {
  traces: { title: "Traces", resources: "resource spans", items: "spans" },
  metrics: { title: "Metrics", resources: "resource metrics", entries: "metrics", items: "data points" },
  logs: { title: "Logs", resources: "resource logs", items: "log records" },
  profiles: { title: "Profiles", resources: "resource profiles", items: "profiles" },
};

/** The line of a batch: its title and its counts by name. */
export interface Summary {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Counts a batch. Throws WireError when its frames are broken. */
export function summaryOf({ signal, items, body }: Batch): Summary {
  const { title, resources, entries, items: itemsName } = NAMES[signal];
  const counts: Record<string, number> = { [resources]: 0 };
  let found = 0;
  const request = new Cursor(body);
  const resource = new Cursor(body);
  const scope = new Cursor(body);
  // ExportXServiceRequest.resource_x = 1, ResourceX.scope_x = 2, ScopeX.x = 2 in all signals.
  while (request.next()) {
    if (!request.is(1, Wire.bytes)) continue;
    counts[resources] = (counts[resources] ?? 0) + 1;
    if (entries === undefined) continue;
    resource.enter(request);
    while (resource.next()) {
      if (!resource.is(2, Wire.bytes)) continue;
      scope.enter(resource);
      while (scope.next()) if (scope.is(2, Wire.bytes)) found++;
    }
  }
  if (entries !== undefined) counts[entries] = found;
  counts[itemsName] = items;
  return { title, counts };
}
