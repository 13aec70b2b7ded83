/** Reads `windows:`: where the newest samples are kept that rules are evaluated from, and which ones besides. */
import { duration, group, list, optional, readFields, secretUrl, text } from "@rondo/core";
import type { TreePlace } from "./findings.ts";
import type { PipelineNode, WindowsSettings } from "./graph.ts";
import { docsAsGroup, rawValue } from "./raw-value.ts";
import { isNothing } from "./tree.ts";

/** The fields of `windows:`. */
export const windowsFields = {
  redis: optional(
    group("A Redis, which workers and alert workers share. Without it: on this machine, under --data.", {
      url: secretUrl("Its address, such as redis://redis:6379; it may hold a password."),
    }),
  ),
  pipeline: optional(text("The metrics pipeline whose output is kept. Needed when there are several.")),
  keep: list("Selectors of series that are kept although no rule reads them.", text("A PromQL selector."), []),
  lateness: duration("How much later than its own time a sample may arrive and still be kept.", "5m"),
};

const LATENESS_MOST_MS = 24 * 3_600_000;
/** Schemes of a Redis address, as ioredis reads them. */
const REDIS_URL = /^rediss?:\/\/[^\s]+$/;

/** The settings of the windows, with defaults for what is absent; undefined after a problem. */
export function readWindows(
  place: TreePlace,
  pipelines: readonly Pick<PipelineNode, "id" | "signal" | "renamedFrom">[],
): WindowsSettings | undefined {
  const raw = isNothing(place.node) ? undefined : rawValue(place.node, docsAsGroup(windowsFields));
  const values = readFields(windowsFields, raw, place);
  if (values === undefined) return undefined;
  const { redis, keep, lateness } = values;
  if (lateness > LATENESS_MOST_MS) place.at("lateness").problem("must be at most 24h");
  if (redis !== null && !REDIS_URL.test(redis.url.reveal())) {
    place.down("redis", "url").problem("must be an address such as redis://redis:6379 or rediss://redis:6379");
  }
  const pipeline = chosenPipeline(place, values.pipeline, pipelines);
  const renamedFrom = pipelines.find(({ id }) => id === pipeline)?.renamedFrom;
  return {
    store: redis === null ? { kind: "embedded" } : { kind: "redis", url: redis.url },
    pipeline,
    ...(renamedFrom !== undefined && { renamedFrom }),
    keep,
    latenessMs: lateness,
  };
}

/** The named pipeline, else the only one, else `metrics`; with several and no name there is no right choice. */
function chosenPipeline(
  place: TreePlace,
  named: string | null,
  pipelines: readonly Pick<PipelineNode, "id" | "signal">[],
): string | undefined {
  const ids = pipelines.filter(({ signal }) => signal === "metrics").map(({ id }) => id);
  if (named !== null) {
    if (!ids.includes(named))
      place.at("pipeline").problem(`names no metrics pipeline; there are: ${ids.join(", ") || "none"}`);
    return named;
  }
  if (ids.length > 1 && !isNothing(place.node)) {
    place.problem(`needs pipeline: several read metrics (${ids.join(", ")}), and rules are evaluated from one of them`);
  }
  return ids.includes("metrics") ? "metrics" : ids[0];
}
