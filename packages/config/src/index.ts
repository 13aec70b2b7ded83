/** From Collector YAML to a typed graph: reading, merging, expanding, checking, explaining. */
export * from "./expand.ts";
export * from "./graph.ts";
export { type ConfigSources, type LoadedConfig, loadConfig } from "./load-config.ts";
export { PLANNED } from "./planned.ts";
export { type ConfigFile, readConfigFiles, readReferencedFile } from "./read-config-files.ts";
