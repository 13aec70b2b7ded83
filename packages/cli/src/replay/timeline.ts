/** Moves a recording to another time: every OTLP time t becomes start + (t − first)/speed, spliced on the wire, ids unchanged. */
import { Fault } from "@rondo/core";
import { type Signal, shiftTimes } from "@rondo/otlp";
import { Holdings } from "../sink/holdings.ts";
import { type IdentityOptions, identities } from "../sink/identity.ts";
import type { Recorded, Recording } from "./recording.ts";

/** Maps one time, in nanoseconds since the epoch. 0 means "not set" in OTLP and must stay 0. */
export type TimeShift = (ns: bigint) => bigint;

/** Whether times move to now or stay as recorded. */
export type Times = "shift" | "keep";

/** The smallest and the largest time in a recording, nanoseconds since the epoch; undefined when no item carries one. */
export function timeRange(recording: Recording): { readonly first: bigint; readonly last: bigint } | undefined {
  let first: bigint | undefined;
  let last = 0n;
  for (const one of recording) {
    shifted(one, (ns) => {
      if (ns !== 0n && (first === undefined || ns < first)) first = ns;
      if (ns > last) last = ns;
      return ns;
    });
  }
  return first === undefined ? undefined : { first, last };
}

/**
 * The shift to `startMs` (milliseconds since the epoch) at `speed`. A speed of 0, as fast as possible, keeps the
 * distances between times: dividing by infinity would make them one. Throws RangeError for a speed below 0.
 */
export function timeShift(recording: Recording, speed: number, startMs: number): TimeShift {
  if (!(speed >= 0) || !Number.isFinite(speed)) throw new RangeError(`speed ${speed} must be 0 or more`);
  const first = timeRange(recording)?.first ?? 0n;
  const start = BigInt(Math.round(startMs)) * 1_000_000n;
  // Whole numbers all the way: nanoseconds since the epoch do not fit a double.
  const scaled = speed === 0 ? SCALE : BigInt(Math.max(1, Math.round(speed * Number(SCALE))));
  return (ns) => (ns === 0n ? 0n : start + ((ns - first) * SCALE) / scaled);
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
