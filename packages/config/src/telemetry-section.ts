/** Reads `service.telemetry`: the Collector's settings of its own logs, metrics and traces, which flags of Rondo set instead. */
import { suggestion } from "@rondo/core";
import type { TreePlace } from "./findings.ts";
import { isNothing } from "./tree.ts";

/** What to do instead, by path; a `*` takes every key that is not named. What is not here is unknown. */
const INSTEAD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  logs: {
    level: "set the level with --log-level",
    encoding: "choose the form with --log-format",
    "*": "Rondo logs to standard error; see --log-level and --log-format",
  },
  metrics: {
    level: "Rondo's own metrics are always complete",
    address: "set the address with --metrics-address",
    readers: "Rondo serves its own metrics for scraping; set the address with --metrics-address",
    "*": "Rondo serves its own metrics; see --metrics-address",
  },
  traces: { "*": "Rondo does not trace itself" },
  resource: { "*": "Rondo's own metrics carry no resource" },
};

/**
 * Warns about each setting, with the way to have it; an unknown area is a problem. The Collector's settings of itself are no
 * reason to refuse its file, and none to be silent: a level that has no effect would be waited for in vain.
 */
export function readTelemetry(place: TreePlace): void {
  if (place.node === undefined || isNothing(place.node)) return;
  if (place.node.kind !== "map") {
    place.problem("must be a map with logs and metrics");
    return;
  }
  for (const [area, node] of place.node.entries) {
    const at = place.at(area);
    const instead = Object.hasOwn(INSTEAD, area) ? INSTEAD[area] : undefined;
    if (instead === undefined) {
      at.problem(`unknown key${suggestion(area, Object.keys(INSTEAD))}`);
    } else if (node.kind === "map") {
      for (const key of node.entries.keys()) {
        at.at(key).warn(`has no effect: ${(Object.hasOwn(instead, key) ? instead[key] : undefined) ?? instead["*"]}`);
      }
    } else if (!isNothing(node)) at.problem(`must be a map of the settings of ${area}`);
  }
}
