/**
 * Steps over fields of the shape that nearly all have, on plain numbers: what moves a cursor over the frames around data
 * points costs as much as the points themselves. Whatever is said to be unusual is left to a cursor, which says why.
 */

/**
 * The end of the field at `at` of a message that ends at `end`, or -1 where it is unusual: a tag or a length of three bytes
 * or more, a tag of more bytes than it needs, a varint of several, and all that is malformed. Where the first byte is below
 * 0x80 it is the tag.
 */
export function usualField(bytes: Uint8Array, at: number, end: number): number {
  const tag = bytes[at] ?? 0;
  let value = at + 1;
  if (tag >= 0x80) {
    const high = bytes[value++] ?? 0;
    if (high >= 0x80 || high === 0) return -1;
  } else if (tag < 8) return -1;
  const wire = tag & 7;
  if (wire === 2) {
    const length = bytes[value++] ?? 0;
    if (length < 0x80) value += length;
    else {
      const high = bytes[value++] ?? 0;
      if (high >= 0x80) return -1;
      value += (length & 0x7f) + (high << 7);
    }
  } else if (wire === 1) value += 8;
  else if (wire === 5) value += 4;
  else if (wire !== 0 || (bytes[value++] ?? 0) >= 0x80) return -1;
  return value > end ? -1 : value;
}

/** Where the value of a usual field of bytes begins: behind a tag of one byte and a length of one or two. */
export function usualStart(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1] ?? 0) < 0x80 ? at + 2 : at + 3;
}
