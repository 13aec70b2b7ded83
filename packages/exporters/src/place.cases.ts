/** A place in a configuration that remembers what was said of it. */
import type { Place } from "@rondo/core";

/** What tests look at afterwards: `path message` for each problem and warning. */
export interface RecordingPlace extends Place {
  readonly problems: string[];
  readonly warnings: string[];
}

/** Places below it report to the same lists. */
export function recordingPlace(): RecordingPlace {
  const problems: string[] = [];
  const warnings: string[] = [];
  const at = (path: string): RecordingPlace => ({
    path,
    problems,
    warnings,
    problem: (message) => problems.push(`${path} ${message}`),
    warn: (message) => warnings.push(`${path} ${message}`),
    at: (key) => at(`${path}::${key}`),
  });
  return at("exporter");
}
