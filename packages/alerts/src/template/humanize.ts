/** Numbers for people, to four digits, as Prometheus's templates write them (prometheus/common, helpers/templates). */
import { formatFloat } from "./go-float.ts";

const LARGE = ["k", "M", "G", "T", "P", "E", "Z", "Y"] as const;
const SMALL = ["m", "u", "n", "p", "f", "a", "z", "y"] as const;

/** `%.4g`. */
export function fourDigits(value: number): string {
  return formatFloat(value, "g", 4);
}

/** `1.235k`, `12m`: metric prefixes. */
export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return fourDigits(value);
  return Math.abs(value) >= 1 ? scaled(value, 1_000, LARGE, "") : shrunk(value);
}

/** `1.206ki`: binary prefixes; what is below one has none. */
export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return fourDigits(value);
  return scaled(value, 1_024, LARGE, "i");
}

/** `12.35%` of 0.1235. */
export function humanizePercentage(value: number): string {
  return `${fourDigits(value * 100)}%`;
}

/** Seconds as `1d 10h 17m 36s`, `61.5s` being `1m 1s`, and `12ms` below one. */
export function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return fourDigits(value);
  if (value === 0) return "0s";
  if (Math.abs(value) < 1) return `${shrunk(value)}s`;
  const sign = value < 0 ? "-" : "";
  const size = Math.abs(value);
  const whole = Math.trunc(size);
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3_600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "m"],
  ] as const;
  const first = parts.findIndex(([count]) => count !== 0);
  if (first < 0) return `${sign}${fourDigits(size)}s`;
  const larger = parts.slice(first).map(([count, unit]) => `${count}${unit} `);
  return `${sign}${larger.join("")}${whole % 60}s`;
}

function scaled(value: number, step: number, prefixes: readonly string[], suffix: string): string {
  let rest = value;
  let prefix = "";
  for (const one of prefixes) {
    if (Math.abs(rest) < step) break;
    prefix = one + suffix;
    rest /= step;
  }
  return fourDigits(rest) + prefix;
}

function shrunk(value: number): string {
  let rest = value;
  let prefix = "";
  for (const one of SMALL) {
    if (Math.abs(rest) >= 1) break;
    prefix = one;
    rest *= 1_000;
  }
  return fourDigits(rest) + prefix;
}
