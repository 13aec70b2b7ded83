/** Finds what belongs to a key of JSON by the key's bytes, so that no text is made of the keys that are known. */

/** Slots; a power of two, three times the fields of the largest message. */
const SLOTS = 64;

/** A name in its quotes: four bytes or more, since no field of OTLP has a name of one letter. */
export interface Quoted {
  readonly quoted: DataView;
}

/** A fixed set of entries by their quoted names. */
export class KeyTable<T extends Quoted> {
  readonly #slots: (readonly T[] | undefined)[] = new Array(SLOTS).fill(undefined);

  constructor(entries: Iterable<T>) {
    for (const entry of entries) {
      const slot = slotOf(entry.quoted, 0, entry.quoted.byteLength);
      this.#slots[slot] = [...(this.#slots[slot] ?? []), entry];
    }
  }

  /** The entry whose name stands in `text` from `start` to `stop`, quotes included. */
  find(text: DataView, start: number, stop: number): T | undefined {
    const slot = stop - start < 4 ? undefined : this.#slots[slotOf(text, start, stop)];
    if (slot === undefined) return undefined;
    for (const entry of slot) {
      if (entry.quoted.byteLength === stop - start && startsWith(text, start, entry.quoted)) return entry;
    }
    return undefined;
  }
}

/** A name as entries have it. */
export function quoted(name: string): DataView {
  return viewOf(Buffer.from(`"${name}"`));
}

/** A view of the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether `part`, of four bytes or more, stands at `at`, which leaves room for it. Compares four bytes at a time. */
export function startsWith(text: DataView, at: number, part: DataView): boolean {
  // The last four first, overlapping others: names differ at their ends as often as at their beginnings.
  const last = part.byteLength - 4;
  if (text.getInt32(at + last) !== part.getInt32(last)) return false;
  for (let i = 0; i < last; i += 4) if (text.getInt32(at + i) !== part.getInt32(i)) return false;
  return true;
}

/** By length, first and last letter, which tell most names of a message apart. */
function slotOf(text: DataView, start: number, stop: number): number {
  return ((stop - start) * 7 + text.getUint8(start + 1) * 3 + text.getUint8(stop - 2)) & (SLOTS - 1);
}
