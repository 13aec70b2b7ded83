/** Functions of time: of the calendar in UTC, and of the query itself. */
import type { PromqlFunction } from "./function-type.ts";

/** A part of the date; a time that JavaScript has no date for yields NaN. */
function calendar(name: string, doc: string, read: (date: Date) => number): PromqlFunction {
  return {
    name,
    doc: `${doc} Without an argument, of the evaluation time.`,
    args: ["vector"],
    variadic: 1,
    result: "vector",
    // Seconds are cut to whole ones before the calendar is asked.
    run: { kind: "element", apply: (seconds) => read(new Date(Math.trunc(seconds) * 1000)) },
  };
}

/** A fact of the query, in seconds. */
function ofQuery(
  name: string,
  doc: string,
  read: (times: { readonly from: number; readonly until: number; readonly stepMs: number }) => number,
): PromqlFunction {
  return {
    name,
    doc,
    args: [],
    result: "scalar",
    experimental: true,
    run: { kind: "scalar", apply: (_params, _at, times) => read(times) / 1000 },
  };
}

// There are no leap seconds in the epoch's days.
const DAY_MS = 86_400_000;

/** Functions of time. */
export const TIME_FUNCTIONS: readonly PromqlFunction[] = [
  {
    name: "time",
    doc: "The evaluation time in seconds since the epoch.",
    args: [],
    result: "scalar",
    run: { kind: "scalar", apply: (_params, at) => at / 1000 },
  },
  {
    name: "pi",
    doc: "π.",
    args: [],
    result: "scalar",
    run: { kind: "scalar", apply: () => Math.PI },
  },
  calendar("year", "The year.", (date) => date.getUTCFullYear()),
  calendar("month", "The month, 1 to 12.", (date) => date.getUTCMonth() + 1),
  calendar("day_of_month", "The day of the month, 1 to 31.", (date) => date.getUTCDate()),
  calendar("day_of_week", "The day of the week, 0 (Sunday) to 6.", (date) => date.getUTCDay()),
  calendar(
    "day_of_year",
    "The day of the year, 1 to 366.",
    (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / DAY_MS) + 1,
  ),
  calendar("days_in_month", "How many days the month has.", (date) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  ),
  calendar("hour", "The hour of the day, 0 to 23.", (date) => date.getUTCHours()),
  calendar("minute", "The minute of the hour, 0 to 59.", (date) => date.getUTCMinutes()),
  ofQuery("start", "The start of the query in seconds since the epoch.", ({ from }) => from),
  ofQuery("end", "The end of the query in seconds since the epoch.", ({ until }) => until),
  ofQuery("step", "The step of the query in seconds, 0 for an instant one.", ({ stepMs }) => stepMs),
  ofQuery("range", "The length of the query in seconds, 0 for an instant one.", ({ from, until }) => until - from),
  {
    name: "timestamp",
    doc: "The time of each sample in seconds since the epoch.",
    args: ["vector"],
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        // The frame was made for this call alone: it may be changed in place.
        const frame = call.sampleTimes(0);
        for (const [index, value] of frame.values.entries()) frame.values[index] = value / 1000;
        frame.dropName.fill(true);
        return frame;
      },
    },
  },
];
