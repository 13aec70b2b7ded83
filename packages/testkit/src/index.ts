/** What tests share: fakes that keep the real interfaces' promises. Never imported in production. */

export * from "./fake-clock.ts";
export { type MemoryBroker, type MemoryBrokerOptions, memoryBroker } from "./memory-broker.ts";
export type { BeforeAppend } from "./memory-partition.ts";
export { type MemoryWindows, memoryWindows } from "./memory-windows.ts";
export * from "./named-spans.ts";
export * from "./profiles-request.ts";
export * from "./seeded-random.ts";
