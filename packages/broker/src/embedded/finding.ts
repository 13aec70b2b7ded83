/** One thing that a look at a data directory brings up: where, what it means, and what to do about it. */

/** `note`: nothing is wrong with the data. `repairable`: a repair puts it right. `damage`: something acknowledged is not there. */
export type FindingKind = "note" | "repairable" | "damage";

/** A finding. */
export interface Finding {
  readonly kind: FindingKind;
  /** A file, or a partition as `topic/partition`. */
  readonly place: string;
  /** What is there, and the way out. */
  readonly message: string;
}

/** A run of offsets of a stream of which nothing is kept though it lies above the first that is. */
export interface Missing {
  readonly stream: number;
  readonly from: number;
  readonly to: number;
  /** The file in which they should stand. */
  readonly file: string;
}
