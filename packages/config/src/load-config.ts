/** Collector YAML and a list of components become a typed graph, or every problem at once with file and line. */
import type { AnyExporterType, AnyProcessorType, AnySettingsType, ComponentTypes } from "@rondo/core";
import { readAlerts } from "./alerts-section.ts";
import { readBroker } from "./broker-section.ts";
import { SECTION_NAMES, SECTIONS } from "./catalogue.ts";
import { type BuiltComponent, type Component, nameOfComponent, readSection } from "./component-section.ts";
import { checkEndpoints } from "./endpoint-clash.ts";
import { type Environment, expandTree, type ReadFile } from "./expand.ts";
import { checkExtensionReferences } from "./extension-references.ts";
import { readServiceExtensions } from "./extension-section.ts";
import type { FeatureGates } from "./feature-gates.ts";
import { Findings, inFileOrder, TreePlace } from "./findings.ts";
import type { Configured, Finding, Graph, NotYet, PipelineNode } from "./graph.ts";
import { lint } from "./lint.ts";
import { mergeNodes } from "./merge.ts";
import { adviseOnMetadata } from "./metadata-advice.ts";
import { applyOverride } from "./override.ts";
import {
  type Components,
  type PipelineDraft,
  readPipelines,
  reportUnknownKeys,
  runningReferences,
} from "./pipeline-section.ts";
import type { ConfigFile } from "./read-config-files.ts";
import { readYaml } from "./read-yaml.ts";
import { checkRenames } from "./renamed-from.ts";
import { readTelemetry } from "./telemetry-section.ts";
import { readTenants } from "./tenants-section.ts";
import { type ConfigNode, emptyMap, isNothing } from "./tree.ts";
import { readWindows } from "./windows-section.ts";

/** What a configuration is made of. */
export interface ConfigSources {
  /** In the order of `--config`; a later one wins. */
  readonly files: readonly ConfigFile[];
  /** `path=value`, each over everything before it. */
  readonly sets: readonly string[];
  readonly types: ComponentTypes;
  readonly env: Environment;
  /** Serves `${file:path}` in values; absent, such a reference is a problem. */
  readonly file?: ReadFile;
  /** Refuses what the Collector would refuse, even where Rondo can do without. */
  readonly strict?: boolean;
  /** Absent: all are off. */
  readonly gates?: FeatureGates;
}

/** A configuration that was read. */
export interface LoadedConfig {
  /** Absent when there is a problem. */
  readonly graph?: Graph;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** The configuration as written, merged and expanded, for `renderConfig`; undefined when a file is not YAML. */
  readonly merged?: ConfigNode;
}

const NO_GATES: FeatureGates = new Set();

/** Keys of `service:`, as upstream. */
const SERVICE_KEYS = ["pipelines", "extensions", "telemetry"];

/** What may stand at the top of a file: the Collector's sections and ours. */
const TOP_LEVEL = [...SECTION_NAMES, "service", "broker", "windows", "alerts", "tenants"];

/** Loads a configuration. Never throws for what it says; everything wrong in it is a problem, every one at once. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const findings = new Findings();
  // A component that is used in three pipelines is read once, so no finding stands twice; all are sorted at the very end.
  const done = (rest: Omit<LoadedConfig, "problems" | "warnings">): LoadedConfig => {
    const files = sources.files.map(({ name }) => name);
    const warnings = inFileOrder(findings.warnings, files);
    const { graph } = rest;
    return {
      ...rest,
      ...(graph !== undefined && { graph: { ...graph, warnings } }),
      problems: inFileOrder(findings.problems, files),
      warnings,
    };
  };
  const merged = mergeSources(sources, findings);
  if (merged === undefined) return done({});
  const graph = readGraph(new TreePlace(merged, findings), sources);
  return done({ merged, ...(graph !== undefined && findings.problems.length === 0 && { graph }) });
}

/**
 * All files, then the overrides, then the expansion, in the Collector's order: a reference that a later file replaces is never
 * looked up. Undefined when a file is not YAML, because everything said after that would be about a configuration that nobody wrote.
 */
function mergeSources({ files, sets, env, file }: ConfigSources, findings: Findings): ConfigNode | undefined {
  let merged: ConfigNode = emptyMap({ file: files[0]?.name ?? "" });
  for (const { name, text } of files) {
    const tree = readYaml(name, text, (message, mark) => findings.problem("", message, mark));
    if (tree === undefined || isNothing(tree)) continue;
    if (tree.kind === "map") merged = mergeNodes(merged, tree);
    else findings.problem("", "must be a map with receivers, exporters and service", tree.mark);
  }
  if (findings.problems.length > 0) return undefined;
  for (const set of sets) merged = applyOverride(merged, set, findings);
  return expandTree(merged, { env, ...(file !== undefined && { file }) }, findings);
}

/**
 * Reads every section, whatever the ones before it said. The graph is undefined only when the settings of broker or windows are; whether
 * there were problems elsewhere is the caller's question.
 */
function readGraph(root: TreePlace, { types, strict = false, gates = NO_GATES }: ConfigSources): Graph | undefined {
  reportUnknownKeys(root, TOP_LEVEL);
  const components: Components = {
    receivers: readSection(root, "receivers", types),
    processors: readSection(root, "processors", types),
    exporters: readSection(root, "exporters", types),
    connectors: readSection(root, "connectors", types),
    extensions: readSection(root, "extensions", types),
  };
  reportAmbiguousConnectors(components);
  const service = root.at("service");
  reportUnknownKeys(service, SERVICE_KEYS);
  readTelemetry(service.at("telemetry"));
  const drafts = readPipelines(service, components, gates);
  const extensions = readServiceExtensions(root, components.extensions, { types, strict });
  const pipelines = drafts.map((draft) => ({ draft, running: runningReferences(draft) }));
  const receivers = [...new Set(pipelines.flatMap(({ running }) => running.receivers))];
  const exporters = new Set(pipelines.flatMap(({ running }) => running.exporters));
  checkExtensionReferences([...receivers, ...exporters], components.extensions, extensions);
  checkEndpoints(receivers);
  checkRenames(pipelines.map(({ draft, running: { exporters: own } }) => ({ ...draft, exporters: own })));
  const broker = readBroker(
    root.at("broker"),
    receivers.map(({ id }) => id),
  );
  const windows = readWindows(root.at("windows"), drafts);
  const alerts = readAlerts(root.at("alerts"), windows);
  const tenants = readTenants(root.at("tenants"));
  warnUnused(components, drafts, extensions);
  lint({ root, drafts });
  adviseOnMetadata(
    pipelines.map(({ draft: { id }, running }) => ({ id, ...running })),
    extensions.flatMap((one) => (one.status === "built" ? [one] : [])),
  );
  if (broker === undefined || windows === undefined) return undefined;
  return {
    receivers: receivers.map((one) => configured<AnySettingsType>(one)),
    pipelines: pipelines.map(({ draft, running }) => pipelineNode(draft, running)),
    extensions: extensions.flatMap((one) => (one.status === "built" ? [configured<AnySettingsType>(one)] : [])),
    broker,
    windows,
    ...(alerts !== undefined && { alerts }),
    ...(tenants !== undefined && { tenants }),
    notYet: notYet(drafts, extensions),
    warnings: [],
  };
}

/** A pipeline's reference to such an id could mean either (Collector: otelcol, `Config.Validate`). */
function reportAmbiguousConnectors({ connectors, exporters, receivers }: Components): void {
  for (const [id, { place }] of connectors) {
    for (const [kind, others] of [["exporter", exporters] as const, ["receiver", receivers] as const]) {
      if (!others.has(id)) continue;
      const advice = `rename the connector, such as to ${id}${id.includes("/") ? "_" : "/"}connector`;
      place.problem(`ambiguous ID: Found both "${id}" ${kind} and "${id}" connector; ${advice}`);
    }
  }
}

/** A pipeline as the roles see it: what is planned is gone from it, and its order is that of the file. */
function pipelineNode(
  { id, signal, renamedFrom }: PipelineDraft,
  running: ReturnType<typeof runningReferences>,
): PipelineNode {
  return {
    id,
    signal,
    ...(renamedFrom !== undefined && { renamedFrom }),
    receivers: running.receivers.map((one) => one.id),
    processors: running.processors.map((one) => configured<AnyProcessorType>(one)),
    exporters: running.exporters.map((one) => configured<AnyExporterType>(one)),
  };
}

function configured<T>({ id, type, values, renamedFrom }: BuiltComponent): Configured<T> {
  // A section holds components of its own list only (catalogue.ts), and the caller names that list's type.
  return { id, type: type as T, values, ...(renamedFrom !== undefined && { renamedFrom }) };
}

/** Every planned component that something refers to, once, with the pipelines whose edge is left out. */
function notYet(drafts: readonly PipelineDraft[], extensions: readonly Component[]): readonly NotYet[] {
  const pipelinesOf = new Map<Component, string[]>();
  for (const { id, receivers, processors, exporters } of drafts) {
    for (const { component } of [...receivers, ...processors, ...exporters]) {
      const pipelines = pipelinesOf.get(component) ?? [];
      if (!pipelines.includes(id)) pipelinesOf.set(component, [...pipelines, id]);
    }
  }
  for (const extension of extensions) pipelinesOf.set(extension, []);
  return [...pipelinesOf].flatMap(([component, pipelines]) => {
    if (component.status !== "planned") return [];
    const { id, extent } = component;
    return [{ kind: component.type.kind, id, ...(extent !== undefined && { extent }), pipelines }];
  });
}

/** Upstream ignores such a component without a word; most often its name in a pipeline has another letter. */
function warnUnused(components: Components, drafts: readonly PipelineDraft[], extensions: readonly Component[]): void {
  const references = drafts.flatMap((draft) => [...draft.receivers, ...draft.processors, ...draft.exporters]);
  const used = new Set<Component>([...references.map(({ component }) => component), ...extensions]);
  for (const section of SECTION_NAMES) {
    for (const component of components[section].values()) {
      if (used.has(component) || component.status === "broken") continue;
      const where = SECTIONS[section].kind === "extension" ? "service::extensions" : "any pipeline";
      component.place.warn(`${nameOfComponent(component)} is configured but not in ${where}, so it does not run`);
    }
  }
}
