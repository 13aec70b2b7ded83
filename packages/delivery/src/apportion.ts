/** Divides the verdict of a joined batch among the batches that it was joined from: every dropped item is one caller's, once. */
import { type Batch, type Drop, SETTLED, type Source, type Verdict } from "@rondo/core";

/** The records of a batch; one that names none is given a name that is unique within the join. */
export function sourcesOf(batch: Batch, index: number): readonly Source[] {
  return batch.sources ?? [{ origin: `call/${index}`, items: batch.items }];
}

/** What a part of the join can still lose. */
interface Share {
  readonly part: number;
  readonly origin: string;
  left: number;
}

/**
 * Gives each of `parts` its own verdict, in their order. A retry is everyone's. Drops go
 * - to the records that `Drop.sources` names;
 * - else to the sole record, or to every record when the whole batch was dropped;
 * - else – a backend said how many it refused, not which – to the records in order, as far as each has items: the sum is
 *   exact, and which record lost them cannot be known.
 * No record loses more items than it has, whatever the verdict claims.
 */
export function apportion(verdict: Verdict, parts: readonly Batch[]): Verdict[] {
  if (verdict.kind === "retry" || verdict.drops.length === 0) return parts.map(() => verdict);
  const shares: Share[] = parts.flatMap((batch, part) =>
    sourcesOf(batch, part).map(({ origin, items }) => ({ part, origin, left: items })),
  );
  const drops: Drop[][] = parts.map(() => []);
  for (const drop of verdict.drops) {
    const taken: { readonly share: Share; readonly items: number }[] = [];
    let open = drop.items;
    const take = (share: Share, wanted: number) => {
      const items = Math.min(wanted, share.left, open);
      if (items === 0) return;
      share.left -= items;
      open -= items;
      taken.push({ share, items });
    };
    for (const named of drop.sources ?? []) {
      let wanted = named.items;
      // Two parts of a join may name the same origin when a record was read twice; either may bear the drop.
      for (const share of shares) {
        if (share.origin !== named.origin) continue;
        const before = share.left;
        take(share, wanted);
        wanted -= before - share.left;
      }
    }
    for (const share of shares) take(share, open);
    for (const [part, list] of drops.entries()) {
      const mine = taken.filter(({ share }) => share.part === part);
      if (mine.length > 0) list.push(dropOf(drop, mine, taken.length === mine.length));
    }
  }
  return drops.map((list) => (list.length === 0 ? SETTLED : { kind: "settled", drops: list }));
}

/** One caller's part of a drop. The dropped items' bytes go along only when all of them are this caller's. */
function dropOf(drop: Drop, taken: readonly { readonly share: Share; readonly items: number }[], whole: boolean): Drop {
  return {
    reason: drop.reason,
    items: taken.reduce((sum, { items }) => sum + items, 0),
    sources: taken.map(({ share, items }) => ({ origin: share.origin, items })),
    ...(drop.detail !== undefined && { detail: drop.detail }),
    ...(whole && drop.body !== undefined && { body: drop.body }),
    ...(whole && drop.together && { together: drop.together }),
    ...(drop.deadLettered && { deadLettered: drop.deadLettered }),
  };
}
