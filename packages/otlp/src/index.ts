/**
 * OTLP as wire bytes. A request is a `Uint8Array` of protobuf; every function here reads or splices those bytes and never
 * builds objects of them. Nothing is changed in place: a function that has nothing to change returns the same array.
 *
 * - measure: `countItems`, `countProfiles`, `repeatedBytes`, `timeRange`, `validateRequest`, `checkItems` and `FlawedItems`
 * - join and cut: `concatRequests`, `splitRequest`, `removeItems`; `partitionRequest`, `partitionByResource`, `partitionByTrace`
 * - compare: `contentHash`, `resourceKey`, `writeAttributesKey`
 * - edit: `compileEdits`, then `editResources`, `editScopes` and `editItems`; `shiftTimes`; `accumulateDeltas`
 * - read: `forEachResource`, `forEachItem`, `attributeOf`, and below them `Cursor`, `memberOf`, `valueText`
 * - make: `anyValue`, `keyValue`; answers by `encodeResponse` and `encodeStatus`
 *
 * Malformed input is a `WireError`, never anything else; only a limit that is handed over can be a `SizeError`. JSON is in
 * `@rondo/otlp/json`; objects are in `@rondo/otlp/codec`, which alone loads protobufjs.
 */
export { type AccumulatePoint, accumulateDeltas } from "./accumulate-deltas.ts";
export { responseFromJson, statusFromJson } from "./answer-json.ts";
export { ANY, anyValue, keyValue, memberOf, VALUE_DEPTH, type Value } from "./any-value.ts";
export { checkItems } from "./check-items.ts";
export { concatRequests } from "./concat.ts";
export { contentHash } from "./content-hash.ts";
export { countItems } from "./count.ts";
export { countProfiles } from "./count-profiles.ts";
export { Cursor, Wire } from "./cursor.ts";
export { compileEdits, type Edit, type EditProgram, type EditSource, type EditTarget } from "./edit.ts";
export { editItems, editResources, editScopes } from "./edit-requests.ts";
export { type Flaw, FlawedItems, type FlawKind } from "./flawed-items.ts";
export {
  ITEM_ATTRIBUTES,
  isData,
  isEntry,
  isPoint,
  isResource,
  isScope,
  KEY_VALUE,
  METRIC_DATA,
  type MetricDataField,
  NO_RECORDED_VALUE,
  RESOURCE,
  RESOURCE_ATTRIBUTES,
  SCOPE,
  SCOPE_ATTRIBUTES,
} from "./layout.ts";
export { located } from "./locate.ts";
export { murmur2 } from "./murmur2.ts";
export { type PartitionPart, partitionByResource, partitionOf, partitionRequest } from "./partition.ts";
export { partitionByTrace } from "./partition-by-trace.ts";
export { removeItems } from "./remove-items.ts";
export { repeatedBytes } from "./repeated-bytes.ts";
export type { RequestPiece } from "./request-plan.ts";
export { resourceKey, writeAttributesKey } from "./resource-key.ts";
export { decodeResponse, encodeResponse, type PartialSuccess, responseToJson } from "./response.ts";
export * from "./signal.ts";
export { type SplitBounds, splitRequest } from "./split.ts";
export { decodeStatus, encodeStatus, type Status, statusToJson } from "./status.ts";
export { shiftTimes, type TimeRange, timeRange } from "./times.ts";
export { type ValidationDepth, validateRequest } from "./validate.ts";
export { valueText } from "./value-text.ts";
export { type Around, attributeOf, forEachItem, forEachResource, type ItemWhere, merged } from "./walk.ts";
export { SizeError, WireError } from "./wire-error.ts";
export { Writer } from "./writer.ts";
