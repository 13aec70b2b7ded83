/** From Collector YAML to a typed graph: reading, merging, expanding, checking, explaining. */

export { SECTION_NAMES, SECTIONS, type SectionName, spellings } from "./catalogue.ts";
export { type KeptMetadata, metadataKeptFor, metadataSentBy } from "./client-metadata.ts";
export { configurationPage, describeComponents } from "./configuration-page.ts";
export * from "./expand.ts";
export { type FeatureGate, type FeatureGates, readFeatureGates } from "./feature-gates.ts";
export { Findings, TreePlace } from "./findings.ts";
export * from "./graph.ts";
export { type ConfigSources, type LoadedConfig, loadConfig } from "./load-config.ts";
export { PLANNED, plannedOnly } from "./planned.ts";
export { docsAsGroup, rawValue } from "./raw-value.ts";
export { type ConfigFile, readConfigFiles, readReferencedFile } from "./read-config-files.ts";
export { readYaml } from "./read-yaml.ts";
export { renderConfig } from "./render-config.ts";
export type { ConfigNode } from "./tree.ts";
