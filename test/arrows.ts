/** Which package may import what: the one table that `architecture.test.ts` holds the sources to. */

/**
 * Our packages by level, the highest first. A package may import every package of a lower level, none of its own and none
 * above: see docs/architecture.md.
 */
export const LEVELS: readonly (readonly string[])[] = [
  ["cli"],
  ["gateway", "worker", "alerts"],
  ["windows", "exporters"],
  ["processors", "delivery", "sdk"],
  ["broker"],
  ["monitor", "config"],
  ["core"],
  ["prometheus"],
  ["otlp", "promql"],
];

/** Packages that only tests import; they may themselves import every level but the roles and the command line. */
export const TEST_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  testkit: [
    "windows",
    "exporters",
    "processors",
    "delivery",
    "broker",
    "monitor",
    "config",
    "core",
    "prometheus",
    "otlp",
    "promql",
  ],
};

/** Third-party packages, each with the only packages of ours that may import it. */
export const THIRD_PARTY: Readonly<Record<string, readonly string[]>> = {
  "@grpc/grpc-js": ["gateway", "exporters", "cli"],
  "@node-rs/crc32": ["core"],
  bcryptjs: ["gateway"],
  commander: ["cli"],
  ioredis: ["windows"],
  kafkajs: ["broker"],
  lmdb: ["broker"],
  long: ["otlp"],
  "lz4-napi": ["broker"],
  pino: ["monitor"],
  "pino-pretty": ["monitor"],
  piscina: ["gateway", "cli"],
  protobufjs: ["otlp"],
  re2js: ["processors", "config", "promql", "alerts"],
  snappyjs: ["broker", "exporters"],
  yaml: ["config", "testkit"],
};

/** What any test may import besides what its package may. */
export const TEST_TOOLS: readonly string[] = [
  "vitest",
  "fast-check",
  ...Object.keys(TEST_PACKAGES).map((name) => `@rondo/${name}`),
];

/** The packages of ours that a package may import. Throws for a package that no level names. */
export function mayImport(name: string): readonly string[] {
  const forTests = TEST_PACKAGES[name];
  if (forTests !== undefined) return forTests;
  const level = LEVELS.findIndex((names) => names.includes(name));
  if (level < 0) throw new Error(`package ${name} is in no level of test/arrows.ts: say there what it may import`);
  return LEVELS.slice(level + 1).flat();
}
