/** What a reader of an enriched partition has settled, by origin: how it knows what an earlier owner of the partition wrote twice. */

/** The newest raw record of a partition of which a reader is done. */
export interface SettledOrigin {
  readonly offset: number;
  readonly part: number;
  /** The raw record's broker timestamp, milliseconds since the epoch. */
  readonly at: number;
}

/** Whether a reader that is done with `newest` has seen this origin: an overlap that an earlier owner of the partition left. */
export function isSettled(
  origin: { readonly offset: number; readonly part: number },
  at: number,
  newest: SettledOrigin | undefined,
): boolean {
  // A later timestamp under an old offset is no overlap: the raw topic was recreated and counts from its beginning again.
  if (newest === undefined || at > newest.at) return false;
  return origin.offset < newest.offset || (origin.offset === newest.offset && origin.part <= newest.part);
}
