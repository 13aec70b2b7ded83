/** What tests share: fakes that keep the real interfaces' promises. Never imported in production. */
export { type MemoryBroker, type MemoryBrokerOptions, memoryBroker } from "./memory-broker.ts";
export type { BeforeAppend } from "./memory-partition.ts";
