/** A consumer of Rondo's enriched topics, for services of one's own. See the README of this package and docs/topics.md. */
export { Fault, type FaultCode, type Log, type Meta } from "@rondo/core";
export type { Signal } from "@rondo/otlp";
export type * from "@rondo/otlp/codec";
export { type Consumer, consume } from "./consume.ts";
export type { ConsumeOptions, ConsumeStart, PartitionEvents, Source } from "./consume-options.ts";
export type { ConsumedBatch } from "./consumed-batch.ts";
