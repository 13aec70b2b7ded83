/** Names of topics and groups: the Collector's where it has one, ours escaped so that no two configurations collide. */
import { Fault } from "@rondo/core";
import type { Carried } from "@rondo/otlp";

/** The raw topics, named as the Collector's kafka exporter and receiver name them. */
export const RAW_TOPICS: Readonly<Record<Carried, string>> = {
  traces: "otlp_spans",
  metrics: "otlp_metrics",
  logs: "otlp_logs",
  profiles: "otlp_profiles",
};

const TOPIC_LIMIT = 249;

/** What the topic of dead letters has behind the name of the topic that they came from. */
const DEAD_LETTERS = ".dlq";

/** The topic of what was set aside of another topic: of a raw one by pipelines, of an enriched one by exporters. */
export function deadLetterTopic(topic: string): string {
  return `${topic}${DEAD_LETTERS}`;
}

/** Writes every UTF-8 byte outside [A-Za-z0-9-] as `_XX` (hex), `_` itself as `_5F`. */
export function escapeName(part: string): string {
  return [...new TextEncoder().encode(part)]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return /[A-Za-z0-9-]/.test(letter) ? letter : `_${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

/** The name that `escapeName` wrote. */
export function unescapeName(written: string): string {
  const bytes = [...written.matchAll(/_([0-9A-F]{2})|([^_])/g)].map(([, hex, letter = ""]) =>
    hex === undefined ? letter.charCodeAt(0) : Number.parseInt(hex, 16),
  );
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** The enriched topic of a pipeline: `otlp_spans.enriched`, for `traces/sampled` `otlp_spans.enriched.sampled`. */
export function enrichedTopic(signal: Carried, pipeline: string): string {
  const slash = pipeline.indexOf("/");
  const base = `${RAW_TOPICS[signal]}.enriched`;
  const name = slash < 0 ? base : `${base}.${escapeName(pipeline.slice(slash + 1))}`;
  if (name.endsWith(DEAD_LETTERS))
    throw new Fault("config", `pipeline ${pipeline}: the name dlq is reserved for dead letters; choose another`);
  // Its dead letters need a topic as well.
  if (deadLetterTopic(name).length > TOPIC_LIMIT) {
    throw new Fault(
      "config",
      `pipeline ${pipeline}: its topics would be called ${name} and ${deadLetterTopic(name)}, longer than ${TOPIC_LIMIT} characters; choose a shorter name`,
    );
  }
  return name;
}

/** The group that runs a pipeline: `rondo.<pipeline>`. */
export function pipelineGroup(pipeline: string): string {
  return `rondo.${escapeName(pipeline)}`;
}

/** The group of one exporter of a pipeline: `rondo.<pipeline>.<exporter id>`. */
export function exporterGroup(pipeline: string, exporter: string): string {
  return `rondo.${escapeName(pipeline)}.${escapeName(exporter)}`;
}

/** The group that keeps the windows of a metrics pipeline. `_` begins no escaped byte here, so no exporter's group is called so. */
export function windowsGroup(pipeline: string): string {
  return `rondo.${escapeName(pipeline)}._windows`;
}

/** Whose group a name of the functions above is: the pipeline, and the exporter where it is one's. Undefined for any other group. */
export function readGroupName(group: string): { readonly pipeline: string; readonly exporter?: string } | undefined {
  const [root, pipeline, exporter, ...rest] = group.split(".");
  if (root !== "rondo" || pipeline === undefined || pipeline === "" || rest.length > 0) return undefined;
  if (exporter === undefined) return { pipeline: unescapeName(pipeline) };
  return exporter === "_windows" ? undefined : { pipeline: unescapeName(pipeline), exporter: unescapeName(exporter) };
}
