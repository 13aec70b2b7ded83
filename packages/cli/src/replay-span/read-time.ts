/** Times on a command line: RFC 3339, or how long ago. */
import { Fault, parseDuration } from "@rondo/core";

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Milliseconds since the epoch of `2026-11-25T10:00:00Z`, `-2h` or `now`. Throws a `config` Fault that names the flag. */
export function readTime(flag: string, written: string, now: number): number {
  if (written === "now") return now;
  if (RFC_3339.test(written)) {
    const time = Date.parse(written.replace(" ", "T").toUpperCase());
    if (!Number.isNaN(time)) return time;
  }
  const ago = written.startsWith("-") ? parseDuration(written.slice(1)) : undefined;
  if (ago !== undefined) return now - ago;
  throw new Fault(
    "config",
    `${flag} ${written}: write a time such as 2026-11-25T10:00:00Z, or how long ago, such as -2h`,
  );
}
