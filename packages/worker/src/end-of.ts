/** When a claim's reader has to end: at once where it must not write any more, a moment later where it only hands over. */
import type { Claim } from "@rondo/broker";
import type { Clock } from "@rondo/core";

/** How long what is in hand may take when its partition goes to another member, milliseconds: it is then not sent twice. */
export const HANDOVER_MS = 2_000;

/**
 * Fires when the claim is lost or `stop` fires, or when what was in hand at the revocation has taken too long. A reader takes
 * in nothing more from the revocation on.
 */
export function endOf(
  { revoked, lost }: Pick<Claim, "revoked" | "lost">,
  stop: AbortSignal,
  clock: Clock,
): AbortSignal {
  const late = new AbortController();
  const begin = () => {
    const cancel = clock.after(HANDOVER_MS, () => late.abort(), { background: true });
    lost.addEventListener("abort", cancel, { once: true });
  };
  if (revoked.aborted) begin();
  else revoked.addEventListener("abort", begin, { once: true });
  return AbortSignal.any([lost, stop, late.signal]);
}
