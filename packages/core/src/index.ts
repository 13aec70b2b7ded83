/** What every package speaks in: batches, verdicts, faults, fields, components, clocks. */
export * from "./batch.ts";
export * from "./clock.ts";
export * from "./component.ts";
export * from "./crc32c.ts";
export * from "./deliver.ts";
export * from "./drop-reason.ts";
export * from "./endpoint.ts";
export * from "./extension-id.ts";
export * from "./fault.ts";
export * from "./field.ts";
export * from "./free.ts";
export * from "./id.ts";
export * from "./metadata.ts";
export * from "./sibling-module.ts";
export * from "./verdict.ts";
