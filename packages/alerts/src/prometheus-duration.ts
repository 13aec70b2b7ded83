/** Durations as Prometheus's own files write them (prometheus/common, model.ParseDuration): `1d12h`, `5m`, `0`. */

const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const UNIT_MS = [365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1_000, 1] as const;

/** What Prometheus's own 64 bits of nanoseconds can hold, about 292 years, in milliseconds. */
const MOST_MS = 2 ** 63 / 1e6;

/** The duration in milliseconds; undefined when the text is none, or more than 292 years. */
export function parsePrometheusDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = DURATION.exec(text);
  if (text === "" || parts === null) return undefined;
  const ms = UNIT_MS.reduce((sum, unit, index) => sum + unit * Number(parts[index + 1] ?? 0), 0);
  return ms <= MOST_MS ? ms : undefined;
}
