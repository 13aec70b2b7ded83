/** Which series of two vectors belong together: those whose labels agree on what `on` and `ignoring` leave to compare. */
import type { Matching } from "./expr.ts";
import type { Frame } from "./frame.ts";
import { labelsKey, METRIC_NAME, onlyLabels, withoutLabels } from "./labels.ts";
import type { Labels } from "./queryable.ts";

/** The number of the group that each row of either side is in. */
export interface Signatures {
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** How many groups there are. */
  readonly count: number;
}

/** The labels that a series is matched by. */
export function matchingLabels({ on, labels }: Matching): (labels: Labels) => Labels {
  const names = new Set(on ? labels : [...labels, METRIC_NAME]);
  return on ? (own) => onlyLabels(own, names) : (own) => withoutLabels(own, names);
}

/** Groups the rows of both sides. */
export function signaturesOf(matching: Matching, left: Frame, right: Frame): Signatures {
  const groups = new Map<string, number>();
  const compared = matchingLabels(matching);
  // Numbers index flat arrays at every step; the text of a key is made once a series.
  const number = (labels: Labels): number => {
    const key = labelsKey(compared(labels));
    const known = groups.get(key);
    if (known !== undefined) return known;
    groups.set(key, groups.size);
    return groups.size - 1;
  };
  const leftNumbers = Int32Array.from(left.labels, number);
  const rightNumbers = Int32Array.from(right.labels, number);
  return { left: leftNumbers, right: rightNumbers, count: groups.size };
}
