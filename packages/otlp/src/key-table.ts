/** Finds what belongs to a key of JSON by the key's bytes, so that no text is made of the keys that are known. */

/** Slots; a power of two, three times the fields of the largest message. */
const SLOTS = 64;

/** A fixed set of entries by their quoted names. */
export class KeyTable<T extends { readonly quoted: Uint8Array }> {
  readonly #slots: (readonly T[] | undefined)[] = new Array(SLOTS).fill(undefined);

  constructor(entries: Iterable<T>) {
    for (const entry of entries) {
      const slot = slotOf(entry.quoted, 0, entry.quoted.length);
      this.#slots[slot] = [...(this.#slots[slot] ?? []), entry];
    }
  }

  /** The entry whose name stands in `bytes[start, stop)`, quotes included. */
  find(bytes: Uint8Array, start: number, stop: number): T | undefined {
    const slot = this.#slots[slotOf(bytes, start, stop)];
    if (slot === undefined) return undefined;
    for (const entry of slot)
      if (entry.quoted.length === stop - start && startsWith(bytes, start, entry.quoted)) return entry;
    return undefined;
  }
}

/** Whether `part` stands at `at`, which leaves room for it. */
export function startsWith(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  // Names differ at their ends as often as at their beginnings.
  for (let i = part.length - 1; i >= 0; i--) if (bytes[at + i] !== part[i]) return false;
  return true;
}

/** By length, first and last letter, which tell most names of a message apart. */
function slotOf(bytes: Uint8Array, start: number, stop: number): number {
  return ((stop - start) * 7 + (bytes[start + 1] ?? 0) * 3 + (bytes[stop - 2] ?? 0)) & (SLOTS - 1);
}
