/** Makes every property of fast-check run as often as `RONDO_RUNS` says; loaded only when it is set. */
import fc from "fast-check";

fc.configureGlobal({ numRuns: Number(process.env["RONDO_RUNS"]) });
