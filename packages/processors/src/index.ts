/** The processors, in one explicit list; nothing registers itself. */
import type { AnyProcessorType } from "@rondo/core";
import { attributes } from "./attributes.ts";
import { batch } from "./batch.ts";
import { deltaToCumulative } from "./deltatocumulative.ts";
import { memoryLimiter } from "./memory-limiter.ts";
import { resource } from "./resource.ts";

export { accumulationOf, type BatchValues, batch, MAX_REQUEST_BYTES } from "./batch.ts";
export { limitsOf, type MemoryLimiterValues, type MemoryLimits, memoryLimiter } from "./memory-limiter.ts";
export { attributes, deltaToCumulative, resource };

/** Every processor type of this build. */
export const processorTypes: readonly AnyProcessorType[] = [
  attributes,
  batch,
  deltaToCumulative,
  memoryLimiter,
  resource,
];
