/** Splits a request of spans so that every trace stays whole, whichever resources and scopes its spans stand in. */
import { Cursor, Wire } from "./cursor.ts";
import { cutFrames, readFrames } from "./frames.ts";
import { ITEM_ATTRIBUTES, SPAN } from "./layout.ts";
import { located } from "./locate.ts";
import { murmur2 } from "./murmur2.ts";
import { type PartitionPart, partitionOf } from "./partition.ts";
import { RequestPlan } from "./request-plan.ts";
import { forEachItem } from "./walk.ts";
import { Writer } from "./writer.ts";

const utf8 = new TextEncoder();

/**
 * A trace request as one request per partition, by ascending partition: where a span goes follows from the tenant and its
 * trace id alone. Order stays within a partition; each part repeats the resource, scope and unknown fields around its spans.
 * What holds no spans, and unknown fields of the request itself, stay with the first span's part. A request of one
 * partition comes back untouched. Throws WireError on malformed frames and spans.
 */
export function partitionByTrace(body: Uint8Array, partitions: number, tenant: string): readonly PartitionPart[] {
  return located("traces", body, () => {
    const frames = readFrames("traces", body);
    const places = partitions === 1 ? [] : spanPlaces(body, partitions, tenant);
    const home = places[0] ?? 0;
    if (places.every((place) => place === home)) return [{ partition: home, items: frames.items, body }];
    const plans = new Map<number, RequestPlan>();
    let span = 0;
    cutFrames("traces", body, frames, {
      // A container of one part only could go whole, but what a client sends at once is of many traces.
      whole: () => false,
      add: (path, field, items) => {
        const place = items === 0 ? home : (places[span++] ?? home);
        const plan = plans.get(place) ?? new RequestPlan(body);
        plans.set(place, plan);
        plan.add(path, field.at, field.stop, items);
      },
    });
    return [...plans].sort(([a], [b]) => a - b).map(([partition, plan]) => ({ partition, ...plan.finish() }));
  });
}

/** The partition of every span, in order. */
function spanPlaces(body: Uint8Array, partitions: number, tenant: string): readonly number[] {
  const places: number[] = [];
  const span = new Cursor(body);
  // Both with their lengths, as wherever an owner is hashed. A span without an id has an empty one.
  const input = new Writer(64).bytes(1, utf8.encode(tenant));
  const prefix = input.length;
  forEachItem("traces", body, (field) => {
    span.enter(field);
    let start = 0;
    let stop = 0;
    for (;;) {
      span.skipRun(ITEM_ATTRIBUTES.traces);
      if (!span.next()) break;
      // Like every decoder: of several the last.
      if (span.is(SPAN.traceId, Wire.bytes)) ({ start, stop } = span);
    }
    const hash = murmur2(input.rewind(prefix).bytes(2, body.subarray(start, stop)).finish());
    places.push(partitionOf(hash, partitions));
  });
  return places;
}
