/** An AnyValue in the one encoding that equal values share: what decides where something goes must not depend on its spelling. */
import { ANY, entriesOf, memberOf, pairOf, VALUES } from "./any-value.ts";
import { type Cursor, Wire } from "./cursor.ts";
import { KEY_VALUE } from "./layout.ts";
import { Writer } from "./writer.ts";

/**
 * The bytes of the value as a reader that decoded it would write it again: without members that later ones replaced, without
 * fields that are unknown or have no meaning outside profiles, numbers in as few bytes as they need. Throws WireError on malformed
 * bytes; values that nest deeper than VALUE_DEPTH are validation's to refuse.
 */
export function plainValue(value: Uint8Array): Uint8Array {
  const out = new Writer(value.length + 8);
  write(out, value);
  return out.finish();
}

function write(out: Writer, value: Uint8Array): void {
  const member = memberOf(value);
  if (member === undefined) return;
  switch (member.field) {
    case ANY.string:
    case ANY.bytes:
      out.bytes(member.field, member.slice());
      return;
    case ANY.bool:
      out.tag(ANY.bool, Wire.varint).varint(member.int64() === 0n ? 0 : 1);
      return;
    case ANY.double:
      out.tag(ANY.double, Wire.fixed64).fixed64(member.fixed64());
      return;
    case ANY.array:
      writeList(out, member, write);
      return;
    case ANY.map:
      writeList(out, member, writePair);
      return;
    default:
      out.tag(member.field, Wire.varint).varint64(member.int64());
  }
}

function writeList(out: Writer, member: Cursor, writeEntry: (out: Writer, entry: Uint8Array) => void): void {
  const list = out.open(member.field);
  for (const entry of entriesOf(member)) {
    const inner = out.open(VALUES);
    writeEntry(out, entry);
    out.close(inner);
  }
  out.close(list);
}

function writePair(out: Writer, pair: Uint8Array): void {
  const { key, value } = pairOf(pair);
  if (key.length > 0) out.bytes(KEY_VALUE.key, key);
  if (value === undefined) return;
  const inner = out.open(KEY_VALUE.value);
  write(out, value);
  out.close(inner);
}
