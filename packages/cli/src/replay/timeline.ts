/** Moves a recording to another time: every OTLP time t becomes start + (t − first)/speed, spliced on the wire, ids unchanged. */
import { Fault } from "@rondo/core";
import { type Signal, shiftTimes, type TimeRange, timeRange } from "@rondo/otlp";
import { Holdings } from "../sink/holdings.ts";
import { type IdentityOptions, identities } from "../sink/identity.ts";
import type { Recorded, Recording } from "./recording.ts";

/** Maps one time, in nanoseconds since the epoch. It is never asked about 0, which means "not set" in OTLP and stays. */
export type TimeShift = (ns: bigint) => bigint;

/** Whether times move to now or stay as recorded. */
export type Times = "shift" | "keep";

/** The smallest and the largest time in a recording, nanoseconds since the epoch; undefined when no item carries one. */
export function rangeOf(recording: Recording): TimeRange | undefined {
  let range: TimeRange | undefined;
  for (const { signal, body, line } of recording) {
    const one = atLine(line, signal, () => timeRange(signal, body));
    if (one === undefined) continue;
    range = {
      first: range !== undefined && range.first < one.first ? range.first : one.first,
      last: range !== undefined && range.last > one.last ? range.last : one.last,
    };
  }
  return range;
}

/**
 * The shift to `startMs` (milliseconds since the epoch) at `speed`. A speed of 0, as fast as possible, keeps the
 * distances between times: dividing by infinity would make them one. Throws RangeError for a speed below 0.
 */
export function timeShift(recording: Recording, speed: number, startMs: number): TimeShift {
  if (!(speed >= 0) || !Number.isFinite(speed)) throw new RangeError(`speed ${speed} must be 0 or more`);
  const first = rangeOf(recording)?.first ?? 0n;
  const start = BigInt(Math.round(startMs)) * 1_000_000n;
  // Whole numbers all the way: nanoseconds since the epoch do not fit a double.
  const scaled = speed === 0 ? SCALE : BigInt(Math.max(1, Math.round(speed * Number(SCALE))));
  return (ns) => start + ((ns - first) * SCALE) / scaled;
}

const SCALE = 1_000_000n;

/** The protobuf body of a recorded request with its times moved. Throws a Fault `config` that names the line of a broken body. */
export function shifted({ signal, body, line }: Recorded, shift: TimeShift): Uint8Array {
  return atLine(line, signal, () => shiftTimes(signal, body, shift));
}

/**
 * What a destination must hold after the recording was replayed with `shift` (undefined: times kept). Taken from the
 * file by the generated codec, so that Rondo's own counters are never compared with themselves.
 */
export function expectedIdentities(
  recording: Recording,
  shift: TimeShift | undefined,
  options?: IdentityOptions,
): Holdings {
  const expected = new Holdings(Number.POSITIVE_INFINITY);
  for (const one of recording) {
    const body = shift === undefined ? one.body : shifted(one, shift);
    expected.add(
      one.signal,
      atLine(one.line, one.signal, () => identities(one.signal, body, options)),
    );
  }
  return expected;
}

function atLine<T>(line: number, signal: Signal, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Fault("config", `line ${line} of the recording is not a ${signal} request: ${why}; remove the line`);
  }
}
