/** The identity of a resource: its attributes, whatever their order. */
import { AttributeList } from "./attribute-list.ts";
import { Cursor } from "./cursor.ts";
import { RESOURCE_ATTRIBUTES } from "./layout.ts";
import { plainValue } from "./plain-value.ts";
import { Writer } from "./writer.ts";

/**
 * Bytes that are equal for Resource messages with the same attributes in any order, and differ for any others. Where a key
 * repeats its first attribute counts. Values count by what they mean, however they are spelled; dropped counts, entities and unknown
 * fields do not. Throws WireError on malformed bytes.
 */
export function resourceKey(resource: Uint8Array): Uint8Array {
  const out = new Writer(resource.length + 8);
  writeAttributesKey(out, resource, RESOURCE_ATTRIBUTES);
  return out.finish();
}

/** Writes the same for any message whose attributes are fields of number `field`, such as a scope or a data point. */
export function writeAttributesKey(out: Writer, message: Uint8Array, field: number): void {
  const list = new AttributeList(message);
  list.read(new Cursor(message), field);
  const pairs = Array.from({ length: list.length }, (_, i) => ({
    key: list.rawKey(i),
    value: plainValue(list.value(i)),
  }));
  // Sorting is stable: of equal keys the first stays first.
  pairs.sort((a, b) => Buffer.compare(a.key, b.key));
  let last: Uint8Array | undefined;
  for (const { key, value } of pairs) {
    if (last !== undefined && Buffer.compare(last, key) === 0) continue;
    last = key;
    // Both carry their lengths, so that no two lists spell the same bytes.
    out.bytes(1, key).bytes(2, value);
  }
}
