/**
 * Compares what came to an Alertmanager with a truth: every episode must be seen to fire and to resolve once, however often
 * either is sent again, nothing else may be seen, and what is seen must come about when it is due.
 */
import { labelsText, type PlainLabels } from "./plain-series.ts";
import type { Episode } from "./truth.ts";

/** One alert of one POST to Alertmanager. Times are milliseconds since the epoch. */
export interface Notification {
  /** When it came. */
  readonly at: number;
  readonly labels: PlainLabels;
  readonly startsAt: number;
  /** In the past at `at`: the alert is resolved. */
  readonly endsAt: number;
}

/**
 * What is wrong, a sentence each; empty when nothing is. `toleranceMs` is how far a start and an end may lie from the
 * truth's, either way. Labels must be the truth's, so take external ones away first.
 */
export function notificationProblems(
  episodes: readonly Episode[],
  seen: readonly Notification[],
  toleranceMs: number,
): readonly string[] {
  const expected = Map.groupBy(episodes, ({ labels }) => labelsText(labels));
  const came = Map.groupBy(
    seen.toSorted((a, b) => a.at - b.at),
    ({ labels }) => labelsText(labels),
  );
  const alerts = new Set([...expected.keys(), ...came.keys()]);
  return [...alerts].flatMap((key) => {
    const episodesSeen = seenEpisodes(came.get(key) ?? []);
    const due = expected.get(key) ?? [];
    const pairs = Array.from({ length: Math.max(due.length, episodesSeen.length) }, (_, index) =>
      compared(due[index], episodesSeen[index], toleranceMs),
    );
    return pairs.flat().map((problem) => `${key}: ${problem}`);
  });
}

interface SeenEpisode {
  readonly startsAt: number;
  readonly endsAt?: number;
}

/** What Alertmanager's users see: firing until the first resolve, and another episode when it fires again after that. */
function seenEpisodes(notifications: readonly Notification[]): readonly SeenEpisode[] {
  const episodes: SeenEpisode[] = [];
  for (const { at, startsAt, endsAt } of notifications) {
    const last = episodes.at(-1);
    const isOpen = last !== undefined && last.endsAt === undefined;
    if (endsAt > at) {
      if (!isOpen) episodes.push({ startsAt });
    } else if (isOpen) episodes[episodes.length - 1] = { ...last, endsAt };
    // A resolve that is sent again says the same end; one that was never preceded by firing notifies nobody.
  }
  return episodes;
}

function compared(due: Episode | undefined, seen: SeenEpisode | undefined, toleranceMs: number): readonly string[] {
  if (due === undefined) return [`fired at ${seen?.startsAt}, when nothing was wrong`];
  if (seen === undefined) return [`did not fire; due at ${due.startsAt}`];
  const off = (what: string, wanted: number | undefined, found: number | undefined) => {
    if (wanted === undefined || found === undefined) return wanted === found ? [] : [`${what} ${found}, due ${wanted}`];
    const by = found - wanted;
    return Math.abs(by) <= toleranceMs ? [] : [`${what} ${found}, due ${wanted}: ${by} ms off`];
  };
  return [...off("fired at", due.startsAt, seen.startsAt), ...off("resolved at", due.endsAt, seen.endsAt)];
}
