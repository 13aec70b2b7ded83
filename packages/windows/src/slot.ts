/** Event time is cut into slots, so that a store can forget the old ones whole. */

/** The length of a slot, milliseconds. */
export const SLOT_MS = 60_000;

/** The start of the slot that a time lies in, both in milliseconds since the epoch. */
export function slotAt(time: number): number {
  return Math.floor(time / SLOT_MS) * SLOT_MS;
}
