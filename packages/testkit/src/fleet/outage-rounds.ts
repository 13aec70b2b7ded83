/** When rounds of the training jobs of *outage* end: counted by the server's metric, told by its traces and logs. */
import { MINUTE } from "./event-time.ts";
import { DURATION_MS, PLOT } from "./outage-plot.ts";

/** Training jobs: the rounds of the first stop for more than an hour, those of the second go on. */
export const JOBS = ["job-1", "job-2"] as const;
/** One of them. */
export type Job = (typeof JOBS)[number];

const ROUND_MS: Readonly<Record<Job, number>> = { "job-1": 2 * MINUTE, "job-2": 1.5 * MINUTE };

/** The ends of all rounds of a job, ascending, in milliseconds of the description. */
export const ROUND_ENDS: Readonly<Record<Job, readonly number[]>> = {
  "job-1": ends("job-1").filter((ms) => ms <= PLOT.roundsStop.from || ms >= PLOT.roundsStop.until),
  "job-2": ends("job-2"),
};

/** The ends of rounds up to and including a moment. */
export function roundsUntil(job: Job, ms: number): readonly number[] {
  return ROUND_ENDS[job].filter((end) => end <= ms);
}

function ends(job: Job): readonly number[] {
  const every = ROUND_MS[job];
  return Array.from({ length: Math.floor(DURATION_MS / every) }, (_, round) => (round + 1) * every);
}
