/** What a careful colleague would say about a configuration that is right: one entry for each piece of advice. */
import type { TreePlace } from "./findings.ts";
import type { PipelineDraft } from "./pipeline-section.ts";

/** What advice is given on: everything that was read, right or wrong. A lint looks at ids and nodes, never at parsed values. */
export interface LintInput {
  readonly root: TreePlace;
  readonly drafts: readonly PipelineDraft[];
}

interface Lint {
  /** What it is about, for readers of this table. */
  readonly about: string;
  readonly run: (input: LintInput) => void;
}

/** The type of a component, without its name. */
const typeOf = (id: string) => id.split("/", 1)[0] ?? id;

/** Exporter types that the Collector has renamed, with their names now. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  otlp: "otlp_grpc",
  otlphttp: "otlp_http",
  prometheusremotewrite: "prometheus_remote_write",
};

/** Processors that change items, so that what they do belongs before the batch is cut. */
const CHANGING = ["attributes", "resource", "filter", "transform", "redaction", "k8sattributes", "resourcedetection"];

/** Exporters that keep nothing. */
const KEEPS_NOTHING = ["debug", "nop"];

/** Groups pipelines that get the same advice, so that three equal pipelines are one line. */
function adviseAlike(drafts: readonly PipelineDraft[], advise: (draft: PipelineDraft) => Advice | undefined): void {
  const groups = new Map<string, { readonly advice: Advice; readonly others: string[] }>();
  for (const draft of drafts) {
    const advice = advise(draft);
    if (advice === undefined) continue;
    const group = groups.get(advice.message);
    if (group === undefined) groups.set(advice.message, { advice, others: [] });
    else group.others.push(draft.id);
  }
  for (const { advice, others } of groups.values()) {
    advice.place.warn(advice.message + (others.length === 0 ? "" : ` (also in ${others.join(", ")})`));
  }
}

/** A warning that is not given yet. */
interface Advice {
  readonly place: TreePlace;
  readonly message: string;
}

/**
 * Each says what it is about, what follows from it, and the way out. An endpoint or a value of one component is judged by that
 * component, where its meaning is known; here stands what takes two components, or one that is not built.
 */
const LINTS: readonly Lint[] = [
  {
    about: "old names of exporters",
    run: ({ root }) => {
      const place = root.at("exporters");
      for (const id of place.node?.kind === "map" ? place.node.entries.keys() : []) {
        const type = typeOf(id);
        const name = Object.hasOwn(OLD_NAMES, type) ? OLD_NAMES[type] : undefined;
        if (name === undefined) continue;
        place
          .at(id)
          .warn(
            `${type} is the Collector's old name of ${name}. Both work here, but a later Collector may refuse it; write ` +
              `${name}${id.slice(type.length)}, here and in the pipelines`,
          );
      }
    },
  },
  {
    // A prefix on scraped names alone: what is sent by remote write, and what rules read, keeps the bare ones.
    about: "a namespace that alert rules do not know",
    run: ({ root }) => {
      const place = root.at("exporters");
      for (const id of place.node?.kind === "map" ? place.node.entries.keys() : []) {
        const namespace = place.down(id, "namespace");
        const { node } = namespace;
        if (
          typeOf(id) !== "prometheus" ||
          node?.kind !== "scalar" ||
          typeof node.value !== "string" ||
          node.value === ""
        )
          continue;
        namespace.warn(
          `puts ${node.value}_ before the name of every series of this exporter, up included. Rules and dashboards that use the ` +
            "bare names find nothing there; remove it, or use the prefix in all of them",
        );
      }
    },
  },
  {
    // Harmless here, since an answer waits for the log and not for the batch; the file may run in a Collector tomorrow.
    about: "batch before processors that change items",
    run: ({ drafts }) =>
      adviseAlike(drafts, ({ processors }) => {
        const batch = processors.findIndex(({ component }) => typeOf(component.id) === "batch");
        const later = processors.slice(batch + 1).map(({ component }) => component.id);
        const changing = later.filter((id) => CHANGING.includes(typeOf(id)));
        const place = processors[batch]?.place;
        if (place === undefined || changing.length === 0) return undefined;
        return {
          place,
          message:
            `batch stands before ${changing.join(", ")}. Rondo keeps this order and answers a client only when its data is durable; ` +
            "the Collector answers at batch, and loses what fails after it; move batch to the end",
        };
      }),
  },
  {
    about: "memory_limiter that is not first",
    run: ({ drafts }) =>
      adviseAlike(drafts, ({ processors }) => {
        const index = processors.findIndex(({ component }) => typeOf(component.id) === "memory_limiter");
        const place = processors[index]?.place;
        if (place === undefined || index === 0) return undefined;
        return {
          place,
          message:
            "memory_limiter is not the first processor. It limits the receivers all the same, but in the Collector the ones " +
            "before it work on data that is then refused; move it to the front",
        };
      }),
  },
  {
    // Planned exporters count as keeping: that they are left out is said on its own.
    about: "pipelines whose data nobody keeps",
    run: ({ drafts }) => {
      for (const { id, signal, exporters, place } of drafts) {
        const ids = exporters.map(({ component }) => component.id);
        if (ids.length === 0 || !ids.every((one) => KEEPS_NOTHING.includes(typeOf(one)))) continue;
        const way =
          signal === "logs"
            ? "; add an exporter, such as otlp_http with endpoint http://<loki>:3100/otlp, which Loki takes logs at"
            : "; add an exporter to a backend";
        place.at("exporters").warn(`${id} goes only to ${ids.join(", ")}, which keeps nothing${way}`);
      }
    },
  },
];

/** Gives all advice. None of it keeps a configuration from running. */
export function lint(input: LintInput): void {
  for (const { run } of LINTS) run(input);
}
