/** Durations as Prometheus writes them: `1h30m`, units from the largest to the smallest, each at most once. */

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["y", 365 * 86_400_000],
  ["w", 7 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/** The longest duration that Prometheus can hold: 2^63 nanoseconds in milliseconds. */
export const MAX_DURATION_MS = 9_223_372_036_854;

// In this order, each at most once: `1m1h` is a mistake, and which of two was meant cannot be told.
const PATTERN = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Milliseconds of a duration; undefined when the text is none or it is too long to be held. `0` alone is one. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = PATTERN.exec(text);
  if (parts === null || text === "") return undefined;
  let ms = 0;
  for (const [index, [, unitMs]] of UNITS.entries()) ms += Number(parts[index + 1] ?? 0) * unitMs;
  return ms > MAX_DURATION_MS ? undefined : ms;
}

/** A duration in milliseconds as text. Weeks and years appear only where they divide it, as in Prometheus. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms === 0) return "0s";
  let text = "";
  // A week is written as days where days are left over: `8d`, not `1w1d`. So does Prometheus.
  let rest = ms;
  for (const [unit, unitMs] of UNITS) {
    if ((unit === "y" || unit === "w") && rest % unitMs !== 0) continue;
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}
