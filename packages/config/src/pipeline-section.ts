/** Reads `service.pipelines`: which components each pipeline runs, what of it is left out, and what cannot stand. */
import { nearest } from "@rondo/core";
import { CARRIED, type Carried } from "@rondo/otlp";
import type { SectionName } from "./catalogue.ts";
import {
  type BuiltComponent,
  type Component,
  nameOfComponent,
  type PlannedComponent,
  parseId,
} from "./component-section.ts";
import type { FeatureGates } from "./feature-gates.ts";
import type { TreePlace } from "./findings.ts";
import { RENAMED_FROM, readRenamedFrom } from "./renamed-from.ts";
import { isNothing } from "./tree.ts";

/** Every component of a configuration by section and id. */
export type Components = Readonly<Record<SectionName, ReadonlyMap<string, Component>>>;

/** A pipeline as it is written, with what each reference turned out to be. */
export interface PipelineDraft {
  readonly id: string;
  readonly signal: Carried;
  readonly renamedFrom?: string;
  readonly place: TreePlace;
  readonly receivers: readonly Reference[];
  readonly processors: readonly Reference[];
  readonly exporters: readonly Reference[];
}

/** A component that a pipeline names, and where it does. */
export interface Reference {
  readonly place: TreePlace;
  readonly component: Component;
}

/** The keys of a pipeline, in the order in which data passes them. */
const PARTS = ["receivers", "processors", "exporters"] as const;
type Part = (typeof PARTS)[number];

/**
 * The pipelines in the order of the file. All problems are reported, a signal behind a gate that is off among them; a pipeline whose
 * signal is unknown is left out.
 */
export function readPipelines(
  service: TreePlace,
  components: Components,
  gates: FeatureGates,
): readonly PipelineDraft[] {
  const place = service.at("pipelines");
  if (place.node?.kind !== "map" || place.node.entries.size === 0) {
    place.problem("service must have at least one pipeline, such as traces: {receivers: [otlp], exporters: [debug]}");
    return [];
  }
  return [...place.node.entries.keys()].flatMap((key) => {
    const draft = readPipeline(place.at(key), key, components, gates);
    return draft === undefined ? [] : [draft];
  });
}

/** Undefined when there is no telling which signal it carries, or when it is no map; both are problems. */
function readPipeline(
  place: TreePlace,
  key: string,
  components: Components,
  gates: FeatureGates,
): PipelineDraft | undefined {
  const id = parseId(key, place);
  if (id === undefined) return undefined;
  const signal = CARRIED.find((one) => one === id.type);
  if (signal === undefined) {
    const near = nearest(id.type, CARRIED);
    const known = near === undefined ? `; known: ${CARRIED.join(", ")}` : `; did you mean ${near}?`;
    place.problem(`unknown pipeline signal: "${id.type}"${known}`);
    return undefined;
  }
  if (signal === "profiles" && !gates.has("service.profilesSupport")) {
    place.problem(
      "profiles are in development, and carried only when they are asked for: start with " +
        "--feature-gates=service.profilesSupport, or remove this pipeline to run the others",
    );
  }
  if (place.node !== undefined && !isNothing(place.node) && place.node.kind !== "map") {
    place.problem("must be a map with receivers, processors and exporters");
    return undefined;
  }
  reportUnknownKeys(place, [...PARTS, RENAMED_FROM]);
  const renamedFrom = readRenamedFrom(place);
  const [receivers, processors, exporters] = PARTS.map((part) => references(place.at(part), part, components));
  for (const [part, found] of [["receivers", receivers] as const, ["exporters", exporters] as const]) {
    if (found?.length === 0) place.problem(`must have at least one ${part.slice(0, -1)}`);
  }
  const draft = { id: id.text, signal, place, ...(renamedFrom !== undefined && { renamedFrom }) };
  return { ...draft, receivers: receivers ?? [], processors: processors ?? [], exporters: exporters ?? [] };
}

/** Undefined when what stands there is no list; that is one problem, and "must have at least one" no second. */
function references(place: TreePlace, part: Part, components: Components): readonly Reference[] | undefined {
  const { node } = place;
  if (node === undefined || isNothing(node)) return [];
  if (node.kind !== "list") {
    place.problem(
      `must be a list, such as ${part}: [${part === "receivers" ? "otlp" : part === "processors" ? "batch" : "debug"}]`,
    );
    return undefined;
  }
  const found = new Map<string, Reference>();
  for (const [index, item] of node.items.entries()) {
    const at = place.at(index);
    if (item.kind !== "scalar" || typeof item.value !== "string") {
      at.problem("must be the id of a component");
      continue;
    }
    const id = parseId(item.value, at);
    if (id === undefined) continue;
    if (found.has(id.text)) {
      // The Collector refuses a second processor and takes a second receiver or exporter for the first.
      if (part === "processors") at.problem(`references processor "${id.text}" multiple times`);
      else at.warn(`names ${part.slice(0, -1)} "${id.text}" a second time, which changes nothing`);
      continue;
    }
    found.set(id.text, { place: at, component: resolve(at, part, id.text, components) });
  }
  return [...found.values()];
}

/**
 * What an id stands for. A connector is an exporter of one pipeline and a receiver of another, so its section answers for both
 * (Collector: otelcol, `Config.Validate`, whose words these are). An unknown id becomes a broken component: one problem.
 */
function resolve(place: TreePlace, section: Part, id: string, components: Components): Component {
  const component =
    components[section].get(id) ?? (section === "processors" ? undefined : components.connectors.get(id));
  if (component !== undefined) return component;
  const kind = section.slice(0, -1);
  const near = nearest(id, [...components[section].keys()]);
  place.problem(
    `references ${kind} "${id}" which is not configured; ${near === undefined ? `add it under ${section}:` : `did you mean ${near}?`}`,
  );
  return { id, section, place, status: "broken" };
}

/** Reports every key of a map that is not one of `known`. */
export function reportUnknownKeys(place: TreePlace, known: readonly string[]): void {
  if (place.node?.kind !== "map") return;
  for (const key of place.node.entries.keys()) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    place
      .at(key)
      .problem(`unknown key; ${near === undefined ? `known: ${known.join(", ")}` : `did you mean ${near}?`}`);
  }
}

/**
 * The references of a pipeline that run. A planned component leaves its edge out, unless it protects something or leaves the
 * pipeline without receivers or exporters; a component that does not carry the signal is a problem, as upstream.
 */
export function runningReferences(draft: PipelineDraft): Readonly<Record<Part, readonly BuiltComponent[]>> {
  const running = { receivers: [], processors: [], exporters: [] } as Record<Part, BuiltComponent[]>;
  for (const part of PARTS) {
    for (const { place, component } of draft[part]) {
      if (component.status === "planned") refuseIfProtecting(place, component);
      if (component.status !== "built") continue;
      if (component.type.signals.includes(draft.signal)) {
        const why = refusalOf(component, draft.signal);
        if (why !== undefined) place.problem(`exporter "${component.id}" cannot have ${draft.signal}: ${why}`);
        running[part].push(component);
      } else {
        place.problem(
          `failed to create "${component.id}" ${part.slice(0, -1)} for data type "${draft.signal}": ` +
            `telemetry type is not supported; it carries ${component.type.signals.join(", ")}`,
        );
      }
    }
    if (part !== "processors") refuseIfNothingIsLeft(draft, part, running[part]);
  }
  return running;
}

function refusalOf({ type, values }: BuiltComponent, signal: Carried): string | undefined {
  // Exporters alone declare this, and the erased argument is what the type's own fields were read to.
  const { refuses } = type as { readonly refuses?: (values: unknown, signal: Carried) => string | undefined };
  return refuses?.(values, signal);
}

/** Redaction that is left out in silence would be a leak; the pipeline does not start instead. */
function refuseIfProtecting(place: TreePlace, component: PlannedComponent): void {
  if (component.type.protects !== true) return;
  place.problem(
    `${nameOfComponent(component)} is not built yet, and without it the pipeline would let through what it holds back; ` +
      "remove it here if that is meant, or keep this pipeline in the Collector",
  );
}

/** A pipeline without receivers would never see an item, one without exporters would keep them for nobody. */
function refuseIfNothingIsLeft(draft: PipelineDraft, part: Part, running: readonly BuiltComponent[]): void {
  const planned = draft[part].flatMap(({ component }) => (component.status === "planned" ? [component] : []));
  // With anything broken in the list there is a problem already, and what is left is unknown.
  if (running.length > 0 || planned.length === 0 || planned.length < draft[part].length) return;
  draft.place
    .at(part)
    .problem(
      `only ${planned.map(nameOfComponent).join(", ")} ${planned.length === 1 ? "is" : "are"} named here, not built yet; ` +
        `add ${part === "receivers" ? "a receiver" : "an exporter"} that is built, or remove the pipeline`,
    );
}
