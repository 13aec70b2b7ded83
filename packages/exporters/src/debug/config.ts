/** The keys of `debug` and their defaults. */
import {
  choice,
  flag,
  idleKey,
  integer,
  list,
  optional,
  type Place,
  refusedKey,
  text,
  type ValuesOf,
} from "@rondo/core";

/** Fields of the exporter. */
export const fields = {
  verbosity: choice(
    "basic: a line with counts for each batch. normal: also about a line for each item. detailed: everything.",
    ["basic", "normal", "detailed"],
    "basic",
  ),
  sampling_initial: integer("Batches that are shown in each second before sampling sets in.", 2),
  sampling_thereafter: integer("After those, every Nth batch is shown; 1 shows all, 0 none.", 1),
  use_internal_logger: flag("Write to Rondo's own log; false writes to output_paths.", true),
  output_paths: list("Where to write without the internal logger: stdout, stderr or files.", text("A path."), [
    "stdout",
  ]),
  capture_file: optional(
    text(
      "Rondo's own key: also append every batch to this file, sampled or not, as a line of JSON {signal, tenant, items, body}, " +
        "body being the OTLP request in base64. A batch counts as delivered when its line is on disk.",
    ),
  ),
  output: refusedKey("Which attributes are shown.", "remove the key; all are shown"),
  sending_queue: idleKey("The Collector's queue.", "the queue is Rondo's log"),
};

/** What the fields parse to. */
export type DebugValues = ValuesOf<typeof fields>;

/** Paths that could never be written to are found at load. */
export function check({ output_paths: paths }: DebugValues, place: Place): void {
  if (paths.length === 0) place.at("output_paths").problem("must name at least one of stdout, stderr or a file");
  for (const [index, path] of paths.entries()) {
    if (path.trim() === "") place.at("output_paths").at(index).problem("must be stdout, stderr or the path of a file");
  }
}
