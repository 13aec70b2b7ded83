/** How long a store that forgets by itself must hold a slot. */
import { AHEAD_MS } from "./gathered-samples.ts";
import { SLOT_MS } from "./slot.ts";
import type { WindowSelectors } from "./window-selectors.ts";

/** For readers that are behind, milliseconds. */
const MARGIN_MS = 300_000;

/** How long after its last append a slot may still be read, milliseconds: its samples may lie ahead, and are then reached back to. */
export function slotExpiryMs(selectors: WindowSelectors, latenessMs: number): number {
  return selectors.longestMs + latenessMs + AHEAD_MS + SLOT_MS + MARGIN_MS;
}
